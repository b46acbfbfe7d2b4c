"""A trajectory to an execution: every step is a decision.

A demonstration may hold only the history that a model is shown; its steps are then read from the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from soma import identity
from soma.adapters.blocks.document import as_count, as_number, as_object, as_text
from soma.adapters.contract import Yield
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Damage, Record
from soma.text import clip

from .about import about, flat, run_of
from .commands import named, tool_of
from .outcomes import outcome_of, status_of
from .shapes import Message, Step, Trajectory

FRAMEWORK = "swe-agent"
_PREFIX = "sw"
_STOPPED = ("Exit due to", "Exited")


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution per trajectory."""
    for item in records:
        yield item if isinstance(item, Damage) else _execution(item, item.value)


def _execution(record: Record, found: Trajectory) -> ExecutionDraft:
    facts = about(found, record.source)
    info = as_object(found.info)
    exit_status = as_text(info.get("exit_status"))
    status = status_of(exit_status)
    execution_id = identity.qualified(_PREFIX, run_of(found))
    resolved = record.source.context.get("resolved")
    success = resolved if isinstance(resolved, bool) else None
    execution = ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=facts.agent,
        task_id=identity.qualified("swe", facts.instance),
        task_text=facts.asked,
        model=facts.model,
        status=status,
        error=exit_status if status == "failed" else None,
        success=success,
        success_from=None if success is None else "evaluation",
        labels={} if exit_status is None else {"exit_status": exit_status},
        claims=[execution_id],
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )
    _spend(execution, as_object(info.get("model_stats")))
    if found.trajectory:
        execution.decisions = [_decision(step, record, place) for step, place in _placed(found, record)]
    else:
        execution.labels["form"] = "history"
        execution.decisions = [_decision(step, record, (0, record.length)) for step in _told(found.history or [])]
    return execution


def _spend(execution: ExecutionDraft, stats: dict[str, Any]) -> None:
    """Tokens and cost of the run. A replay or a human at the keyboard leaves zeros where nothing was measured."""
    sent, received = as_count(stats.get("tokens_sent")), as_count(stats.get("tokens_received"))
    cost = as_number(stats.get("instance_cost"))
    if cost is not None and cost < 0:
        cost = None
    if sent or received:
        execution.tokens_in, execution.tokens_out = sent, received
    if sent or received or cost:
        execution.cost_usd = cost


def _placed(found: Trajectory, record: Record) -> Iterator[tuple[Step, tuple[int, int]]]:
    for index, step in enumerate(found.trajectory or []):
        yield step, (found.places[index] if index < len(found.places) else (record.offset, record.length))


def _decision(step: Step, record: Record, place: tuple[int, int]) -> DecisionDraft:
    action = flat(step.action) or ""
    observation = flat(step.observation)
    seconds = as_number(step.execution_time)
    draft = DecisionDraft(
        tool=tool_of(action),
        arguments={"command": action},
        reasoning=as_text(step.thought) or None,
        output=clip(observation) if observation else None,
        duration_ms=seconds * 1000 if seconds is not None and seconds >= 0 else None,
        source_id=record.source.source_id,
        offset=place[0],
        length=place[1],
    )
    if not draft.tool:
        _refuse(draft, step)
        return draft
    draft.action, draft.role = named(action)
    draft.outcome = outcome_of(observation)
    if draft.outcome in ("failed", "timeout"):
        draft.error = draft.output
    return draft


def _refuse(draft: DecisionDraft, step: Step) -> None:
    """A step without an action: an answer that held no command, or the end that a limit put to the run."""
    stopped = (flat(step.thought) or "").startswith(_STOPPED) or not flat(step.response)
    draft.kind, draft.role = "failure", "other"
    draft.action = "stopped" if stopped else "format_error"
    draft.arguments = None
    draft.outcome, draft.error = ("skipped", None) if stopped else ("failed", draft.output)


def _told(history: list[Message]) -> Iterator[Step]:
    """The steps of a history: an answer with an action, and what the next message observes."""
    own = [message for message in history if message.is_demo is not True]
    for index, message in enumerate(own):
        if message.role != "assistant" or not (message.action or message.tool_calls):
            continue
        after = own[index + 1] if index + 1 < len(own) else None
        seen = after.content if after is not None and after.role in ("user", "tool") else None
        yield Step(action=message.action, observation=seen, response=message.content, thought=message.thought)
