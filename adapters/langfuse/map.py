"""Traces to executions, one each: observations are gathered over all records, because exports cut by time windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma import identity
from soma.adapters.blocks.document import as_text
from soma.adapters.contract import Yield
from soma.adapters.generic.usage import Tokens
from soma.model import ExecutionDraft, Status
from soma.source import Damage, Record

from .about import Header, facts_of, header_of
from .calls import calls_in
from .decisions import decisions_of
from .export import parts_of
from .lifecycle import joined
from .messages import messages_of
from .observation import Observation, observation_of
from .scores import Score, score_of, verdict_of
from .tree import Tree

FRAMEWORK = "langfuse"
_PREFIX = "lf"


class Trace:
    """What is known of one trace so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.observations: dict[str, Observation] = {}
        self.scores: set[Score] = set()

    def add(self, observation: Observation) -> None:
        """Notes an observation; of several readings the one of the highest rank stands."""
        known = self.observations.get(observation.observation_id)
        if known is None or observation.rank > known.rank:
            self.observations[observation.observation_id] = observation


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Executions of all traces in the records, in the order of their trace ids."""
    traces: dict[str, Trace] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
        elif (unusable := _gather(record, traces)) > 0:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason=f"{unusable} items that are no trace, observation or score with its ids")  # fmt: skip
    for trace_id in sorted(traces):
        trace = traces[trace_id]
        # A score alone tells that there was a run, but nothing of it.
        if trace.header is not None or trace.observations:
            yield _execution(trace_id, trace)


def _gather(record: Record, traces: dict[str, Trace]) -> int:
    unusable = 0
    for kind, fields in parts_of(record.value):
        trace_id = as_text(fields.get("id" if kind == "trace" else "traceId"))
        observation = observation_of(fields, record) if kind == "observation" else None
        if trace_id is None or kind == "other" or (kind == "observation" and observation is None):
            unusable += 1
            continue
        trace = traces.setdefault(trace_id, Trace())
        if observation is not None:
            trace.add(observation)
        elif kind == "score" and (score := score_of(fields)) is not None:
            trace.scores.add(score)
        elif kind == "trace":
            header = header_of(fields, record)
            if trace.header is None or header.rank > trace.header.rank:
                trace.header = header
    return unusable


def trace_execution(trace_id: str) -> str:
    """The id of the execution that is the trace."""
    return identity.qualified(_PREFIX, trace_id)


def _execution(trace_id: str, trace: Trace) -> ExecutionDraft:
    tree = Tree(joined(trace.observations.values()))
    messages = messages_of(tree)
    facts = facts_of(trace.header, tree)
    execution_id = trace_execution(trace_id)
    tokens = Tokens()
    for message in messages.values():
        tokens.add(message.tokens)
    costs = [message.cost for message in messages.values() if message.cost is not None]
    score, success, success_from = verdict_of(trace.scores)
    place = trace.header or (tree.roots or tree.ordered)[0]
    status = _status(tree)
    return ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=facts.agent_id,
        session_id=facts.session_id,
        task_id=facts.task_id,
        task_text=facts.task_text,
        model=next((message.model for message in messages.values() if message.model), None),
        status=status,
        success=success,
        success_from=success_from,
        score=score,
        error=_error(tree) if status == "failed" else None,
        started_at=_started(trace.header, tree),
        ended_at=_ended(trace.header, tree),
        tokens_in=tokens.input,
        tokens_out=tokens.output,
        tokens_cache_read=tokens.cache_read,
        tokens_cache_write=tokens.cache_write,
        cost_usd=sum(costs) if costs else None,
        operator_id=facts.operator_id,
        labels=facts.labels,
        claims=[execution_id],
        decisions=decisions_of(calls_in(tree, messages), tree, execution_id),
        source_id=place.source_id,
        offset=place.offset,
        length=place.length,
    )


def _status(tree: Tree) -> Status:
    """How the run ended: like the root that ended last. Without a root nobody can tell."""
    if not tree.roots or any(root.ended_at is None and not root.failed for root in tree.roots):
        return "unknown"
    return "failed" if max(tree.roots, key=lambda root: (root.ended_at or 0, root.place)).failed else "completed"


def _error(tree: Tree) -> str | None:
    """What the root that failed says, else the last observation that says why."""
    failed = [node.message for node in (*tree.ordered, *tree.roots) if node.failed and node.message]
    return failed[-1] if failed else None


def _started(header: Header | None, tree: Tree) -> int | None:
    starts = [node.started_at for node in tree.ordered if node.started_at is not None]
    return min(starts, default=header.started_at if header is not None else None)


def _ended(header: Header | None, tree: Tree) -> int | None:
    """End of the roots; of an export that lost them the last end that is known."""
    ends = [node.ended_at for node in tree.roots or tree.ordered if node.ended_at is not None]
    return max(ends, default=header.ended_at if header is not None else None)
