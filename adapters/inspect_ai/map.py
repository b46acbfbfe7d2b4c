"""Samples to executions: one sample in one epoch is one attempt of one agent at one task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from soma import clock, identity
from soma.adapters.blocks.document import as_count, as_list, as_object, as_text
from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record
from soma.text import clip

from .content import Texts
from .decisions import Decisions
from .shapes import Entry, Header, Sample
from .transcript import Transcript
from .usage import Usage, total, usage_of
from .verdict import ending_of, verdict_of

FRAMEWORK = "inspect"
_PREFIX = "in"
# Solvers that prepare or ask once; a plan made of them alone is the bare model.
_PARTS = frozenset({
    "use_tools", "generate", "system_message", "user_message", "assistant_message", "prompt_template",
    "chain_of_thought", "self_critique", "multiple_choice", "chain", "plan",
})  # fmt: skip


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per sample and epoch, as soon as it is read."""
    for item in records:
        if isinstance(item, Damage):
            yield item
        else:
            yield _execution(item, item.value)


def _execution(record: Record, entry: Entry) -> ExecutionDraft | Damage:
    sample, header = entry.sample, entry.header
    about = as_object(header.eval)
    sample_id = _plain_id(sample.id)
    if sample_id is None:
        return Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                      reason="a sample without an id")  # fmt: skip
    epoch = as_count(sample.epoch) or 1
    native = as_text(sample.uuid) or f"{_run_of(about)}/{sample_id}/{epoch}"
    execution_id = identity.qualified(_PREFIX, native)
    texts, transcript = Texts(sample.attachments), Transcript(sample.events or [])
    decisions = Decisions(execution_id, record, texts)
    decisions.take(sample, transcript)
    verdict, ending = verdict_of(sample), ending_of(sample, header.status)
    used = _used(sample, transcript)
    started_at, ended_at = _times(sample)
    task, model = as_text(about.get("task")), as_text(about.get("model"))
    labels = {f"score.{name}": said for name, said in verdict.said.items()}
    labels["epoch"] = str(epoch)
    if (evaluation := as_text(header.status)) is not None:
        labels["evaluation"] = evaluation
    if ending.limit is not None:
        labels["limit"] = ending.limit
    if retries := len(as_list(sample.error_retries)):
        labels["retries"] = str(retries)
    return ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=_agent_of(header, transcript) or model or "",
        session_id=as_text(about.get("eval_id")) or as_text(about.get("run_id")),
        task_id=None if task is None else identity.qualified("inspect", f"{task}:{sample_id}"),
        task_text=_asked(sample, texts),
        model=model,
        status=ending.status,
        error=ending.error,
        success=verdict.success,
        success_from=None if verdict.success is None else "evaluation",
        score=verdict.score,
        started_at=started_at,
        ended_at=ended_at,
        tokens_in=used.tokens_in,
        tokens_out=used.tokens_out,
        tokens_cache_read=used.cache_read,
        tokens_cache_write=used.cache_write,
        cost_usd=used.cost,
        labels=labels,
        claims=[execution_id],
        decisions=decisions.made,
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def _plain_id(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _run_of(about: dict[str, Any]) -> str:
    """The evaluation a sample without an id of its own belongs to: a run may hold several tasks."""
    return (
        as_text(about.get("eval_id")) or f"{as_text(about.get('run_id')) or ''}/{as_text(about.get('task_id')) or ''}"
    )


def _agent_of(header: Header, transcript: Transcript) -> str | None:
    """The solver the evaluation was given, else the one its plan ends in, else the agent that ran."""
    given = _solver(as_object(header.eval).get("solver"))
    if given is not None:
        return given
    for item in reversed(as_list(as_object(header.plan).get("steps"))):
        step = as_object(item)
        if (solver := _solver(step.get("solver"))) is not None:
            return as_text(as_object(step.get("params")).get("name")) or solver
    return transcript.agents[-1] if transcript.agents else None


def _solver(value: Any) -> str | None:
    name = (as_text(value) or "").removeprefix("inspect_ai/")
    return name if name and name not in _PARTS else None


def _asked(sample: Sample, texts: Texts) -> str | None:
    """What the sample asks: its input, or the first message of the user in it."""
    if not isinstance(sample.input, list):
        return clip(texts.flat(sample.input) or "") or None if isinstance(sample.input, str) else None
    users = [message for item in sample.input if (message := as_object(item)).get("role") == "user"]
    return clip(texts.flat(users[0].get("content")) or "") or None if users else None


def _used(sample: Sample, transcript: Transcript) -> Usage:
    """What the agent's model calls used; where none is logged, the sample's sum, which counts those of scorers too."""
    calls = [
        usage
        for event in transcript.events
        if event.event == "model" and event.cache != "read"
        and (usage := usage_of(as_object(event.output).get("usage"))) is not None
    ]  # fmt: skip
    if not calls:
        calls = [usage for value in as_object(sample.model_usage).values() if (usage := usage_of(value)) is not None]
    return total(calls)


def _times(sample: Sample) -> tuple[int | None, int | None]:
    """When the sample started and ended: as it says, else by its first and last event."""
    started, ended = clock.instant(sample.started_at), clock.instant(sample.completed_at)
    for event in sample.events or []:
        if started is not None:
            break
        started = clock.instant(event.timestamp)
    if ended is None:
        moments = [moment for event in sample.events or [] for moment in (event.timestamp, event.completed)]
        ended = max((at for moment in moments if (at := clock.instant(moment)) is not None), default=None)
    return started, ended
