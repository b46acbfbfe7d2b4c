"""What soma itself wrote into ``extra.soma`` of a trajectory it exported: facts ATIF has no field for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from soma import clock
from soma.adapters.blocks.document import as_count, as_list, as_number, as_object, as_text
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft, Kind, Role, Status

_KINDS, _ROLES, _STATUSES = get_args(Kind), get_args(Role), get_args(Status)


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str | None]:
    return lambda value: value if isinstance(value, str) and value in words else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: Any) -> list[str] | None:
    return [text for text in as_list(value) if isinstance(text, str)] if isinstance(value, list) else None


_DECISION: dict[str, Callable[[Any], Any]] = {
    "action": as_text, "role": _one_of(_ROLES), "kind": _one_of(_KINDS), "outcome": _one_of(OUTCOMES), "error": as_text,
    "arguments": as_text, "duration_ms": as_number, "confidence": as_number, "alternatives": _texts,
}  # fmt: skip
_EXECUTION: dict[str, Callable[[Any], Any]] = {
    "session_id": as_text, "task_id": as_text, "model": as_text, "status": _one_of(_STATUSES), "success": _flag,
    "success_from": as_text, "score": as_number, "error": as_text, "started_at": clock.instant,
    "ended_at": clock.instant, "tokens_in": as_count, "tokens_out": as_count, "tokens_cache_read": as_count,
    "tokens_cache_write": as_count, "cost_usd": as_number, "operator_id": as_text, "team_id": as_text,
    "instance_id": as_text,
}  # fmt: skip
_WORKED_OUT = frozenset({
    "model", "started_at", "ended_at", "tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write", "cost_usd",
})  # fmt: skip


def facts_in(holder: dict[str, Any]) -> dict[str, Any]:
    """The facts in ``extra.soma`` of a step or a trajectory; empty where there are none."""
    return as_object(as_object(holder.get("extra")).get("soma"))


def restore_decision(draft: DecisionDraft, facts: dict[str, Any]) -> None:
    """Put the exported facts of a decision back; an error that was only worked out from the answer was none."""
    if facts:
        draft.error = None
    _restore(draft, facts, _DECISION)
    turn = as_count(facts.get("turn"))
    if turn is not None:
        # Turns count from the first request on; ``Part`` counts the requests.
        draft.turn = turn + 1
    if facts.get("output_is_error") is True:
        draft.output = None
    if facts.get("arguments_unknown") is True:
        draft.arguments = None
    if isinstance(facts.get("tool"), str):
        draft.tool = facts["tool"]


def restore_execution(draft: ExecutionDraft, facts: dict[str, Any]) -> None:
    """Put the exported facts of an execution back; they replace what was worked out from the steps."""
    if facts:
        for name in _WORKED_OUT:
            setattr(draft, name, None)
    _restore(draft, facts, _EXECUTION)
    labels = as_object(facts.get("labels"))
    draft.labels.update({key: value for key, value in labels.items() if isinstance(value, str)})


def _restore(
    draft: DecisionDraft | ExecutionDraft, facts: dict[str, Any], fields: dict[str, Callable[[Any], Any]]
) -> None:
    for name, read in fields.items():
        value = read(facts.get(name))
        if value is not None:
            setattr(draft, name, value)
