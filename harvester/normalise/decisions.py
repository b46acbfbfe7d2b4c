"""The columns of decisions, each made for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import astuple

from soma import codec
from soma.action import enrich
from soma.harvester.redact import Shares
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft
from soma.text import Clipped

from .bounds import INT32, INT64, KINDS, ROLES
from .digests import Digests
from .names import Names

_AS_TOLD = ("confidence", "started_at", "duration_ms", "cost_usd", "source_id")
_CHOICE = ("action", "role", "tool", "arguments")
_TEXTS = frozenset({str, Clipped, type(None)})
_OUTCOMES = frozenset(OUTCOMES)
_TOO_DEEP = '"[nested too deeply to be written]"'
_AT_ONCE = 64
"""Values that are written as JSON in one go; their JSON is there twice meanwhile."""

Columns: TypeAlias = dict[str, Sequence[Any]]
"""Values by the name of their column."""


class Told(NamedTuple):
    """What adapters say, field by field, each in the order of the decisions or executions it is said of."""

    fields: dict[str, tuple[Any, ...]]
    size: int

    @classmethod
    def by(cls, drafts: Sequence[DecisionDraft] | Sequence[ExecutionDraft], kind: type[msgspec.Struct]) -> Told:
        """Taken apart in native code: asking each draft for each field takes many times as long."""
        names = kind.__struct_fields__
        values = zip(*map(astuple, drafts), strict=True) if drafts else [()] * len(names)
        return cls(dict(zip(names, values, strict=True)), len(drafts))


def columns(told: Told, steps: Sequence[int], names: Names, digests: Digests, shares: Shares) -> Columns:
    """All but ids, where the rows belong, the arguments and the longer texts.

    Args:
        told: The decisions.
        steps: The step of each.
        names: Redacts what is short.
        digests: Makes digests of outputs.
        shares: Whose they are.
    """
    fields = told.fields
    actions, roles = _chosen(fields)
    actions = names.names(actions, shares)
    turns = fields["turn"]
    return {
        "step": steps,
        "turn": turns if max(turns, default=0) <= INT32 else [min(turn, INT32) for turn in turns],
        "parent_decision_id": names.ids(fields["parent_decision_id"], shares),
        "kind": one_of(KINDS, fields["kind"], "tool_choice"),
        "action": [action or "unknown" for action in actions] if "" in actions else actions,
        "tool": names.names(fields["tool"], shares),
        "role": one_of(ROLES, roles, "other"),
        "output_digest": digests.of(texts(fields["output"])),
        "alternatives": names.lists(fields["alternatives"], shares),
        "outcome": one_of(_OUTCOMES, fields["outcome"], "unknown"),
        "tokens_in": counts(fields["tokens_in"]),
        "tokens_out": counts(fields["tokens_out"]),
        "model": names.optionals(fields["model"], shares),
        "source_offset": fields["offset"],
        "source_length": fields["length"],
        **{name: fields[name] for name in _AS_TOLD},
    }


def one_of(allowed: frozenset[str], values: Sequence[str], other: str) -> Sequence[str]:
    """Each value that is allowed; ``other`` for all that are not."""
    if allowed.issuperset(values):
        return values
    return [value if value in allowed else other for value in values]


def texts(values: Sequence[Any]) -> Sequence[str | None]:
    """The same values, which are texts or not known.

    Raises:
        TypeError: if one of them is anything else.
    """
    if not _TEXTS.issuperset(map(type, values)) and not all(isinstance(value, str | None) for value in values):
        raise TypeError("an adapter gave something else for a text")
    return values


def written(arguments: Sequence[Any]) -> Sequence[Any]:
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


def counts(values: Sequence[int | None]) -> Sequence[int | None]:
    """Numbers of tokens; ``None`` for those that are none."""
    if values.count(None) == len(values):
        return values
    return [value if value is None or 0 <= value <= INT64 else None for value in values]


def _lines(objects: Sequence[Any]) -> list[str]:
    try:
        return codec.encode_lines(objects)
    except (UnicodeEncodeError, RecursionError):
        return [line(value) for value in objects]


def _chosen(fields: Mapping[str, Sequence[Any]]) -> tuple[list[str], list[str]]:
    """Actions and roles."""
    actions: list[str] = []
    roles: list[str] = []
    for action, role, tool, arguments in zip(*(fields[name] for name in _CHOICE), strict=True):
        if action and role:
            actions.append(action)
            roles.append(role)
            continue
        derived, kind = enrich(tool, arguments)
        actions.append(action or derived)
        roles.append(role or kind)
    return actions, roles
