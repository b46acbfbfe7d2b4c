"""Records to executions: spans are gathered over all records that are given, because they come in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from soma import identity
from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record

from .decisions import decisions_of
from .evaluations import verdict
from .lines import Batch, spans_of
from .outcome import status_of
from .reduce import Reducer
from .spans import Facts, ModelCall, Span
from .thinking import Thinking
from .trace import Collector, Run, order
from .wire import holds_trace_data

FRAMEWORK = "otel"
_OTHER_SIGNALS = ("resourceMetrics", "resourceLogs", "resource_metrics", "resource_logs")


def executions(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per trace (or per root that did agent work); traces in which no agent worked yield nothing."""
    collector = Collector()
    reducer = Reducer()
    for record in records:
        if isinstance(record, Damage):
            yield record
        else:
            yield from _gather(record, reducer, collector)
    for run in collector.runs():
        yield _execution(run)


def _gather(record: Record, reducer: Reducer, collector: Collector) -> Iterator[Damage]:
    unusable = 0
    value = record.value
    for span in spans_of(value):
        if span is None:
            unusable += 1
        else:
            collector.add(reducer.reduced(span, record))
    if unusable:
        yield _damage(record, f"{unusable} spans without a trace id or span id")
    elif isinstance(value, Batch):
        return
    elif not holds_trace_data(value) and not (isinstance(value, dict) and any(key in value for key in _OTHER_SIGNALS)):
        yield _damage(record, "no spans where trace data was expected")


def _damage(record: Record, reason: str) -> Damage:
    return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length, reason=reason)


def _execution(run: Run) -> ExecutionDraft:
    spans = list(run.spans.values())
    outermost = sorted(spans, key=lambda span: run.depths[span.span_id])
    told = _told(outermost)
    thinking = Thinking(run)
    trace = identity.qualified(FRAMEWORK, run.trace_id)
    execution_id = trace
    if run.split and run.root is not None:
        execution_id = identity.qualified(FRAMEWORK, f"{run.trace_id}~{run.root.span_id}")
    place = run.root or outermost[0]
    status = status_of(run.root)
    judged = verdict(evaluation for span in spans for evaluation in span.evaluations)
    calls = [call for _, call in thinking.calls]
    example, task = _fact(told, lambda facts: facts.example), _fact(told, lambda facts: facts.task)
    return ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=_agent(outermost, told),
        session_id=_fact(told, lambda facts: facts.session),
        task_id=identity.qualified("example", example)
        if example
        else identity.qualified("task", task)
        if task
        else None,
        task_text=_asked(run, outermost, thinking),
        model=next((call.model for call in calls if call.model is not None), None)
        or _fact(told, lambda facts: facts.model),
        status=status,
        success=judged.passed if judged is not None else None,
        success_from="evaluation" if judged is not None else None,
        score=judged.score if judged is not None else None,
        error=_error(run, spans) if status == "failed" else None,
        started_at=_started(run.root, spans),
        ended_at=_ended(run.root, spans),
        tokens_in=_total(calls, lambda call: call.tokens_in),
        tokens_out=_total(calls, lambda call: call.tokens_out),
        tokens_cache_read=_total(calls, lambda call: call.cache_read),
        tokens_cache_write=_total(calls, lambda call: call.cache_write),
        cost_usd=_cost(calls),
        operator_id=_fact(told, lambda facts: facts.user),
        instance_id=_fact(told, lambda facts: facts.instance),
        labels=_labels(told),
        claims=list(dict.fromkeys((execution_id, trace))),
        decisions=decisions_of(run, thinking),
        source_id=place.source_id,
        offset=place.offset,
        length=place.length,
    )


def _fact(told: list[Facts], of: Callable[[Facts], str | None]) -> str | None:
    """A fact as the outermost span states it that states it at all."""
    return next((value for facts in told if (value := of(facts)) is not None), None)


def _told(outermost: Iterable[Span]) -> list[Facts]:
    """What spans state, each once: most state what their resource does."""
    return list({id(span.facts): span.facts for span in outermost}.values())


def _agent(outermost: list[Span], told: list[Facts]) -> str:
    """Who ran: named in the metadata, else by the outermost agent span, as graph or workflow, or by the service."""
    agents = [span for span in outermost if span.role == "agent"]
    return (
        _fact(told, lambda facts: facts.named_agent)
        or _fact(_told(agents), lambda facts: facts.agent)
        or _fact(told, lambda facts: facts.agent)
        or _fact(told, lambda facts: facts.graph)
        or _fact(told, lambda facts: facts.workflow)
        or _fact(told, lambda facts: facts.service)
        or next((span.name for span in agents), "")
    )


def _asked(run: Run, outermost: list[Span], thinking: Thinking) -> str | None:
    if run.root is not None and run.root.asked is not None:
        return run.root.asked
    agents = (span.asked for span in outermost if span.role == "agent" and span.asked is not None)
    models = (span.asked for span, _ in thinking.calls if span.asked is not None)
    return next(agents, None) or next(models, None)


def _error(run: Run, spans: list[Span]) -> str | None:
    """The exception that ended the run, as the innermost span has it that the root repeats."""
    failed = [span for span in order(spans, run.depths) if span.status == "error" and span.error is not None]
    if not failed:
        return run.root.error if run.root is not None else None
    deepest = max(run.depths[span.span_id] for span in failed)
    return next(span.error for span in reversed(failed) if run.depths[span.span_id] == deepest)


def _started(root: Span | None, spans: list[Span]) -> int | None:
    if root is not None and root.start is not None:
        return root.start
    return min((span.start for span in spans if span.start is not None), default=None)


def _ended(root: Span | None, spans: list[Span]) -> int | None:
    """End of the root; of a run whose root is lost, the last end that is known."""
    if root is not None:
        return root.end
    return max((span.end for span in spans if span.end is not None), default=None)


def _total(calls: list[ModelCall], of: Callable[[ModelCall], int | None]) -> int | None:
    known = [count for call in calls if (count := of(call)) is not None]
    return sum(known) if known else None


def _cost(calls: list[ModelCall]) -> float | None:
    known = [call.cost for call in calls if call.cost is not None]
    return sum(known) if known else None


def _labels(told: list[Facts]) -> dict[str, str]:
    labels = {
        "service": _fact(told, lambda facts: facts.service),
        "environment": _fact(told, lambda facts: facts.environment),
    }
    return {key: value for key, value in labels.items() if value is not None}
