"""What trace events say beyond the graph: decisions the agent stated, and guards that fired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.model import DecisionDraft, Kind, Outcome, Role

from .graph import Event, Graph
from .values import number, written

_NO_DIGITS = str.maketrans("", "", "0123456789.")
_MOST_ALTERNATIVES = 100
_STATED_KINDS: dict[str, Kind] = {
    "tool_choice": "tool_choice",
    "branch": "branch",
    "retry": "retry",
    "delegation": "delegation",
    "failure": "failure",
}
_STATED_OUTCOMES: dict[str, Outcome] = {
    "ok": "ok",
    "success": "ok",
    "completed": "ok",
    "failed": "failed",
    "failure": "failed",
    "error": "failed",
    "timeout": "timeout",
    "skipped": "skipped",
}
_SEVERITY_OUTCOMES: dict[str, Outcome] = {
    "error": "failed",
    "abort": "failed",
    "warn": "ok",
    "warning": "ok",
}


class Choice(msgspec.Struct, kw_only=True):
    """A decision as the agent stated it in an event, in either form of the format."""

    event: Event
    choice: str
    kind: Kind | None
    alternatives: list[str] | None
    rationale: str | None
    confidence: float | None
    outcome: Outcome
    context: dict[str, Any]


def choices(graph: Graph) -> Iterator[Choice]:
    """The stated decisions of the graph, in the order of its events."""
    for event in graph.events:
        data = event.data
        if "choice" not in data:
            continue
        choice = as_text(data["choice"])
        if choice is None or "decision" not in (event.kind, data.get("type")):
            continue
        yield Choice(
            event=event,
            choice=choice,
            kind=_looked_up(_STATED_KINDS, data.get("decisionType")),
            alternatives=_alternatives(data.get("alternatives")),
            rationale=as_text(data.get("rationale")),
            confidence=number(data.get("confidence"), 1),
            outcome=_looked_up(_STATED_OUTCOMES, data.get("outcome")) or "unknown",
            context=as_object(data.get("context")) or as_object(data.get("metadata")),
        )


def enrich(draft: DecisionDraft, choice: Choice, name: str) -> None:
    """Add what the agent stated to a decision that the graph shows.

    The reasoning names the choice where it is another word than the node's name, so that it is not lost.
    """
    draft.alternatives = merged(choice.alternatives, draft.alternatives, without=(name, choice.choice))
    draft.confidence = choice.confidence
    parts = [part for part in (choice.choice if choice.choice != name else None, choice.rationale) if part]
    draft.reasoning = ": ".join(parts) or None


def own_decision(choice: Choice) -> DecisionDraft:
    """A stated decision that belongs to no node."""
    kind = choice.kind or "branch"
    called = kind in ("tool_choice", "retry")
    verb = "delegate" if kind == "delegation" else kind
    role: Role = "delegate" if kind == "delegation" else "plan"
    return DecisionDraft(
        tool=choice.choice if called else "",
        action="" if called else f"{verb}:{choice.choice}",
        role="" if called else role,
        kind=kind,
        outcome=choice.outcome,
        arguments=choice.context or None,
        reasoning=choice.rationale,
        alternatives=choice.alternatives,
        confidence=choice.confidence,
        started_at=choice.event.time,
        native_id=f"event-{choice.event.position}",
    )


def guards(graph: Graph) -> Iterator[tuple[Event, DecisionDraft]]:
    """The guards that fired, each condition once: the library reports a condition again at every later step."""
    seen: set[tuple[str, str, str]] = set()
    for event in graph.events:
        if "guardViolation" not in event.data:
            continue
        kind = as_text(event.data["guardViolation"])
        if kind is None:
            continue
        message = written(event.data.get("message")) or ""
        condition = (kind, event.node_id, message.translate(_NO_DIGITS))
        if condition in seen:
            continue
        seen.add(condition)
        outcome: Outcome = _looked_up(_SEVERITY_OUTCOMES, event.data.get("severity")) or "unknown"
        yield (
            event,
            DecisionDraft(
                tool="",
                action=f"guard:{kind}",
                role="other",
                kind="guard",
                outcome=outcome,
                reasoning=None if outcome == "failed" else message or None,
                error=message or None if outcome == "failed" else None,
                started_at=event.time,
                native_id=f"guard-{event.position}",
            ),
        )


def merged(*lists: list[str] | None, without: tuple[str, ...] = ()) -> list[str] | None:
    """The entries of the lists, each once; ``None`` when no list says anything."""
    if all(items is None for items in lists):
        return None
    return list(dict.fromkeys(item for items in lists for item in items or () if item not in without))


def _alternatives(value: Any) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [item for item in as_list(value)[:_MOST_ALTERNATIVES] if isinstance(item, str) and item]


def _looked_up(words: dict[str, Any], value: Any) -> Any:
    return words.get(value) if isinstance(value, str) else None
