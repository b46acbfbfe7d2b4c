"""The columns of decisions, each made for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soma import codec
from soma.action import enrich
from soma.model import OUTCOMES, DecisionDraft
from soma.text import Clipped

from .bounds import INT32, INT64, KINDS, ROLES
from .digests import Digests
from .names import Names

_TEXTS = frozenset({str, Clipped, type(None)})
_OUTCOMES = frozenset(OUTCOMES)
_TOO_DEEP = '"[nested too deeply to be written]"'
_AT_ONCE = 64
"""Values that are written as JSON in one go; their JSON is there twice meanwhile."""


def columns(decisions: Sequence[DecisionDraft], first: int, names: Names, digests: Digests) -> dict[str, list[Any]]:
    """All but ids, where the rows belong, the arguments and the longer texts.

    Args:
        decisions: In the order they were taken.
        first: Step of the first of them.
        names: Redacts what is short.
        digests: Makes digests of outputs.
    """
    actions, roles = _chosen(decisions)
    return {
        "step": list(range(first, first + len(decisions))),
        "turn": [turn if (turn := d.turn) <= INT32 else INT32 for d in decisions],
        "parent_decision_id": names.ids([d.parent_decision_id for d in decisions]),
        "kind": [kind if (kind := d.kind) in KINDS else "tool_choice" for d in decisions],
        "action": [action or "unknown" for action in names.names(actions)],
        "tool": names.names([d.tool for d in decisions]),
        "role": [role if role in ROLES else "other" for role in roles],
        "output_digest": digests.of(texts(decisions, "output")),
        "alternatives": [None if d.alternatives is None else names.names(d.alternatives) for d in decisions],
        "confidence": [d.confidence for d in decisions],
        "outcome": [outcome if (outcome := d.outcome) in _OUTCOMES else "unknown" for d in decisions],
        "started_at": [d.started_at for d in decisions],
        "duration_ms": [d.duration_ms for d in decisions],
        "tokens_in": counts([d.tokens_in for d in decisions]),
        "tokens_out": counts([d.tokens_out for d in decisions]),
        "cost_usd": [d.cost_usd for d in decisions],
        "model": names.optionals([d.model for d in decisions]),
        "source_id": [d.source_id for d in decisions],
        "source_offset": [d.offset for d in decisions],
        "source_length": [d.length for d in decisions],
    }


def texts(drafts: Sequence[Any], field: str) -> list[str | None]:
    """A field of each draft that is a text or not known.

    Raises:
        TypeError: if it is anything else.
    """
    values = [getattr(draft, field) for draft in drafts]
    if not _TEXTS.issuperset(map(type, values)) and not all(isinstance(value, str | None) for value in values):
        raise TypeError("an adapter gave something else for a text")
    return values


def written(arguments: Sequence[Any]) -> list[Any]:
    """The JSON of each value; texts and ``None`` as they are."""
    objects = [value for value in arguments if value is not None and not isinstance(value, str)]
    lines: list[str] = []
    for start in range(0, len(objects), _AT_ONCE):
        lines += _lines(objects[start : start + _AT_ONCE])
    if len(objects) == len(arguments):
        return lines
    following = iter(lines)
    return [value if value is None or isinstance(value, str) else next(following) for value in arguments]


def line(value: Any) -> str:
    """The JSON of a value, whatever it is."""
    try:
        return codec.encode(value)
    except RecursionError:
        return _TOO_DEEP


def counts(values: Sequence[int | None]) -> list[int | None]:
    """Numbers of tokens; ``None`` for those that are none."""
    return [value if value is None or 0 <= value <= INT64 else None for value in values]


def _lines(objects: Sequence[Any]) -> list[str]:
    try:
        return codec.encode_lines(objects)
    except (UnicodeEncodeError, RecursionError):
        return [line(value) for value in objects]


def _chosen(decisions: Sequence[DecisionDraft]) -> tuple[list[str], list[str]]:
    """Actions and roles."""
    actions: list[str] = []
    roles: list[str] = []
    for draft in decisions:
        action: str = draft.action
        role: str = draft.role
        if not (action and role):
            derived, kind = enrich(draft.tool, draft.arguments)
            action, role = action or derived, role or kind
        actions.append(action)
        roles.append(role)
    return actions, roles
