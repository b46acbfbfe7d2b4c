"""Spans to executions: a trace is one execution, and so is every agent that a tool of it ran.

Decisions are function and handoff spans. An agent that took over by a handoff works on in the same execution. How a
run ended is told by its agent spans alone: a tool's error is handed to the model and the run goes on, while an error
of the model or too many turns are recorded on the agent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma import identity
from soma.adapters.blocks.document import as_text
from soma.adapters.contract import Yield
from soma.adapters.generic.usage import Tokens
from soma.model import ExecutionDraft, Status
from soma.source import Damage, Record

from .decisions import decisions_of
from .spans import Header, Span, header_of, items_of, span_of
from .trace import Run, Trace

FRAMEWORK = "openai-agents"
_PREFIX = "oa"
_TASK_KEYS = ("task_id", "task")
_OPERATOR_KEYS = ("user_id", "user")
# The name the SDK gives a workflow when nobody chose one.
_DEFAULT_WORKFLOW = "Agent workflow"


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Executions of all traces in the records, merged over their sources, in the order of their trace ids."""
    traces: dict[str, Trace] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
        elif (unusable := _gather(record, traces)) > 0:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason=f"{unusable} items that are no trace and no span with its ids")  # fmt: skip
    for trace_id in sorted(traces):
        trace = traces[trace_id]
        runs = trace.runs()
        delegates = {run.caller.span_id: _agent(run) for run in runs if run.caller is not None}
        for run in runs:
            execution = _execution(trace, run)
            execution.decisions = decisions_of(run, delegates, execution.parent_decision_id)
            yield execution


def _gather(record: Record, traces: dict[str, Trace]) -> int:
    items = items_of(record.value)
    unusable = 0 if items or record.value in ([], {}) else 1
    for item in items:
        kind, span = item.get("object"), span_of(item, record)
        if kind == "trace.span" and span is not None:
            traces.setdefault(span.trace_id, Trace(span.trace_id)).add(span)
        elif kind == "trace" and (trace_id := as_text(item.get("id"))) is not None:
            traces.setdefault(trace_id, Trace(trace_id)).add_header(header_of(item, record))
        else:
            unusable += 1
    return unusable


def _execution(trace: Trace, run: Run) -> ExecutionDraft:
    whole = trace_execution(trace.trace_id)
    execution_id = _id(trace.trace_id, run.caller.span_id if run.caller else None)
    models = [span.model for span in run.spans if span.model is not None]
    failure = _failure(run)
    tokens = Tokens()
    for model in models:
        tokens.add(model.tokens)
    place = run.caller or trace.header or run.spans[0]
    execution = ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=_agent(run),
        task_text=next((model.asked for model in models if model.asked), None),
        model=next((model.name for model in models if model.name), None),
        status=_status(run, failure),
        error=failure.error if failure is not None else None,
        started_at=min((span.started_at for span in run.spans if span.started_at is not None), default=None),
        ended_at=max((span.ended_at for span in run.spans if span.ended_at is not None), default=None),
        tokens_in=tokens.input,
        tokens_out=tokens.output,
        tokens_cache_read=tokens.cache_read,
        tokens_cache_write=tokens.cache_write,
        claims=list(dict.fromkeys((execution_id, whole))),
        source_id=place.source_id,
        offset=place.offset,
        length=place.length,
    )
    if run.caller is not None:
        execution.parent_execution_id = _id(trace.trace_id, run.above)
        execution.parent_decision_id = f"{execution.parent_execution_id}#{run.caller.span_id}"
    if trace.header is not None:
        _describe(execution, trace.header)
    return execution


def trace_execution(trace_id: str) -> str:
    """The id of the execution that is the trace itself; every execution of the trace claims it."""
    return _id(trace_id, None)


def _id(trace_id: str, caller: str | None) -> str:
    return identity.qualified(_PREFIX, trace_id if caller is None else f"{trace_id}~{caller}")


def _agent(run: Run) -> str:
    """Who ran: the agent that began; those it handed over to are told by the handoffs."""
    return next((span.name for span in run.spans if span.kind == "agent" and span.name), "")


def _describe(execution: ExecutionDraft, header: Header) -> None:
    execution.session_id = header.group
    task = next((text for key in _TASK_KEYS if (text := as_text(header.metadata.get(key)))), None)
    if task is not None and execution.parent_execution_id is None:
        execution.task_id = identity.qualified("task", task)
    execution.operator_id = next((text for key in _OPERATOR_KEYS if (text := as_text(header.metadata.get(key)))), None)
    if header.workflow and header.workflow != _DEFAULT_WORKFLOW:
        execution.labels["workflow"] = header.workflow


def _failure(run: Run) -> Span | None:
    """The agent span whose error ended the run: the last one after which no agent began that did without."""
    agents = [span for span in run.spans if span.kind == "agent"]
    recovered = max((span.started_at or 0 for span in agents if span.error is None), default=0)
    failed = [span for span in agents if span.error is not None]
    return next((span for span in reversed(failed) if span.ended_at is None or recovered < span.ended_at), None)


def _status(run: Run, failure: Span | None) -> Status:
    if failure is not None:
        return "failed"
    ended = bool(run.spans) and all(span.ended_at is not None for span in run.spans)
    return "completed" if run.whole and ended else "unknown"
