"""From graphs and events to executions, decisions and patterns.

Identity. Graph ids are no identity: the library numbers its own (``node_001``) alike in every run. A run is known by
its ``traceId``, with its ``spanId`` where it has one (graphs of one distributed trace share the trace id); without a
trace id by its graph id unless that is a counter; otherwise by a digest of its content, which is the same for every way
of writing the graph down. A decision is known by its node id.

Decisions, in start order (ties: order of the start events, then of the nodes):

- tool node → ``tool_choice``; the only nodes whose decisions carry a ``tool``;
- subagent node, and agent node below the root → ``delegation``, ``delegate:<name>``;
- decision node → ``branch``, ``branch:<what was chosen>``: the choice its decision event states, else where its
  ``branched`` edge leads; the rest are alternatives, for the node that was reached too. A node of no kind above that
  was reached by a ``branched`` edge from something else than a decision node is the ``branch`` itself;
- a node reached by a ``retried`` edge keeps its action but is of kind ``retry``: one decision, not two;
- failed leaf that is none of these (wait, custom, the root alone) → ``failure``, with the path from the root. The
  failure of a tool or of a delegation is the outcome of that decision;
- guard that fired (custom event with ``guardViolation``) → ``guard``, ``guard:<type>``, each condition once: severity
  error or abort is ``failed``, a warning is ``ok``;
- stated decision (event with a ``choice``): adds alternatives, confidence and reasoning to the decision of its node, or
  of the node started next when that bears the name of the choice; otherwise it is a decision of its own.

Outcomes: completed → ok; failed, hung → failed; timeout → timeout; running or anything else → unknown.
Status: the graph's own (else its root's); ``running`` is unknown; recovery: see ``ending``. The label ``graph_status``
keeps what was written. Success is never known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma import identity
from soma.adapters.blocks.document import as_object, as_text
from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record

from .ending import error_of_run, has_recovered, status_of
from .graph import Graph, Node, content_digest, load
from .infer import decisions_of, model_of, tokens_of
from .runlog import PREFIX, own_id, pattern_of, run_of
from .shapes import shape_of

_TASK_KEYS = ("task", "goal", "input")
_Named = tuple[str, str]


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Drafts of the records of sources that belong together.

    Runs that name a parent, and run-log events, wait until all graphs are known: only then is it clear whether the
    parent, or the graph of that run, is there.
    """
    seen: set[str] = set()
    graphs: dict[_Named, str | None] = {}
    children: list[ExecutionDraft] = []
    events: list[ExecutionDraft] = []
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        shape = shape_of(record.value)
        if shape is None:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason="neither an execution graph nor an event about a run")  # fmt: skip
        elif shape.kind == "pattern":
            yield pattern_of(record)
        elif shape.kind == "run":
            events.append(run_of(record))
        elif shape.kind == "graph":
            graph = load(record.value)
            draft = _execution(graph, record)
            seen.add(draft.execution_id)
            _note(graphs, graph, draft)
            if draft.parent_execution_id is None:
                yield draft
            else:
                children.append(draft)
    for draft in children:
        if draft.parent_execution_id not in seen:
            draft.parent_execution_id = None
        yield draft
    for draft in events:
        draft.execution_id = graphs.get((draft.agent_id, draft.execution_id)) or draft.execution_id
        if draft.execution_id not in draft.claims:
            draft.claims.append(draft.execution_id)
        yield draft


def _note(graphs: dict[_Named, str | None], graph: Graph, draft: ExecutionDraft) -> None:
    """Remember which execution an event about this graph id means; two runs under one id mean nobody knows."""
    native = own_id(graph.native_id)
    if native is not None:
        known = graphs.setdefault((graph.agent_id, native), draft.execution_id)
        if known != draft.execution_id:
            graphs[graph.agent_id, native] = None


def _execution(graph: Graph, record: Record) -> ExecutionDraft:
    fields, root = graph.fields, graph.root
    trace_id, span_id = as_text(fields.get("traceId")), as_text(fields.get("spanId"))
    parent_span = as_text(fields.get("parentSpanId"))
    native = own_id(graph.native_id)
    execution_id = _run_id(trace_id, span_id) or native or f"{PREFIX}:{content_digest(graph)}"
    operator = as_object(fields.get("operatorContext"))
    decisions = decisions_of(graph)
    for decision in decisions:
        decision.source_id, decision.offset, decision.length = record.source.source_id, record.offset, record.length
    tokens_in, tokens_out = _tokens(graph)
    running = graph.status == "running"
    retries = sum(decision.kind == "retry" for decision in decisions)
    labels = {
        "graph_status": as_text(fields.get("status")) or as_text(graph.metadata.get("status")),
        "trigger": as_text(fields.get("trigger")),
        "name": as_text(fields.get("name")),
        "root": root.name if root is not None and root.name != graph.agent_id else None,
        "retries": str(retries) if retries else None,
        "recovered": "true" if has_recovered(graph) else None,
        "nodes": "lost" if graph.rebuilt else None,
    }
    claims = (execution_id, _run_id(trace_id, None), native)
    return ExecutionDraft(
        execution_id=execution_id,
        framework="agentflow",
        agent_id=graph.agent_id,
        session_id=as_text(operator.get("sessionId")),
        parent_execution_id=_run_id(trace_id, parent_span) if parent_span and parent_span != span_id else None,
        task_text=_task(graph),
        model=_model(graph),
        status=status_of(graph),
        error=error_of_run(graph),
        started_at=graph.start if graph.start is not None or root is None else root.start,
        ended_at=graph.end if graph.end is not None or root is None or running else root.end,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        operator_id=as_text(operator.get("operatorId")) or _audited_operator(graph),
        team_id=as_text(operator.get("teamId")),
        instance_id=as_text(operator.get("instanceId")),
        labels={key: value for key, value in labels.items() if value is not None},
        claims=list(dict.fromkeys(claim for claim in claims if claim is not None)),
        decisions=decisions,
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def _run_id(trace_id: str | None, span_id: str | None) -> str | None:
    if trace_id is None:
        return None
    return identity.qualified(PREFIX, f"{trace_id}/{span_id}" if span_id else trace_id)


def _tokens(graph: Graph) -> tuple[int | None, int | None]:
    """Tokens of the run: what its root states (it may be a sum), else the sum over the nodes."""
    nodes: Iterable[Node] = graph.nodes.values()
    if graph.root is not None and tokens_of(graph.root) != (None, None):
        nodes = (graph.root,)
    totals: list[int | None] = [None, None]
    for node in nodes:
        for column, tokens in enumerate(tokens_of(node)) if "usage" in node.metadata else ():
            if tokens is not None:
                totals[column] = (totals[column] or 0) + tokens
    return totals[0], totals[1]


def _model(graph: Graph) -> str | None:
    """The model the root names, else the one all nodes agree on."""
    named = model_of(graph.root) if graph.root is not None else None
    models = {model for node in graph.nodes.values() if (model := model_of(node)) is not None}
    return named or (models.pop() if len(models) == 1 else None)


def _task(graph: Graph) -> str | None:
    """What the run was asked, where its root or the graph says so; the root's name is the agent's and tells nothing."""
    bags = [graph.root.metadata if graph.root is not None else {}, graph.metadata]
    for bag in bags:
        for key in _TASK_KEYS:
            if (text := as_text(bag.get(key))) is not None:
                return text
    for bag in bags:
        if (text := as_text(as_object(bag.get("semantic")).get("intent"))) is not None:
            return text
    return None


def _audited_operator(graph: Graph) -> str | None:
    """The serialiser drops the operator context, but the event that it was accepted stays."""
    for event in graph.events:
        if event.data.get("category") == "security_audit" and as_text(event.data.get("operatorId")):
            return as_text(event.data.get("operatorId"))
    return None
