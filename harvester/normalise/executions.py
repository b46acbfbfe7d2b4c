"""The columns of executions, each made for many of them at once, and what they could and could not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from soma import clock
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.harvester.redact import Shares
from soma.model import OUTCOMES

from .bounds import STATUSES
from .decisions import Columns, Told, counts, one_of
from .names import Names

_OF_DECISIONS = ("reasoning", "arguments", "output", "error", "alternatives", "confidence", "started_at", "duration_ms",
                 "tokens_in", "cost_usd", "model")  # fmt: skip
_TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")
_NAMES = ("session_id", "task_id", "model", "success_from", "operator_id", "team_id", "instance_id")
_AS_TOLD = ("framework", "success", "score", "started_at", "ended_at", "cost_usd", "source_id")


class Course(NamedTuple):
    """What the decisions of an execution say of it as a whole.

    Attributes:
        actions: What was chosen, in order.
        outcomes: And with what outcome.
        fields: Fields of a decision that at least one of them knows.
    """

    actions: list[str]
    outcomes: list[str]
    fields: set[str]

    def add(self, next_part: Course) -> None:
        """Take in the course of the decisions that follow."""
        self.actions.extend(next_part.actions)
        self.outcomes.extend(next_part.outcomes)
        self.fields.update(next_part.fields)


def courses(told: Told, columns: Mapping[str, Sequence[Any]], spans: Iterable[tuple[int, int]]) -> list[Course]:
    """The course of each execution, whose decisions are those from one place to another."""
    actions, outcomes = columns["action"], columns["outcome"]
    found = [(start, end, Course(list(actions[start:end]), list(outcomes[start:end]), set())) for start, end in spans]
    for field in _OF_DECISIONS:
        values = told.fields[field]
        missing = values.count(None)
        if missing == told.size:
            continue
        for start, end, course in found:
            if start < end and (not missing or values[start:end].count(None) < end - start):
                course.fields.add(field)
    return [course for *_, course in found]


def names_of(told: Told) -> Iterator[Any]:
    """All that ``columns`` shows as names."""
    for field in _NAMES:
        yield from told.fields[field]
    for labels in told.fields["labels"]:
        yield from labels
        yield from labels.values()


def columns(
    told: Told, adapters: Sequence[Adapter], courses: Sequence[Course], names: Names, shares: Shares
) -> Columns:
    """All but where the rows belong, the executions' own and their parents' ids and their longer texts.

    Args:
        told: The executions.
        adapters: What read each of them.
        courses: What the decisions of each say.
        names: Redacts what is short.
        shares: Whose they are.
    """
    fields = told.fields
    times = zip(fields["started_at"], fields["ended_at"], strict=True)
    return {
        "adapter": [adapter.name for adapter in adapters],
        "adapter_version": [adapter.version for adapter in adapters],
        "status": one_of(STATUSES, fields["status"], "unknown"),
        "duration_ms": [clock.elapsed_ms(start, end) for start, end in times],
        "decisions": [len(course.actions) for course in courses],
        **{outcome: [course.outcomes.count(outcome) for course in courses] for outcome in OUTCOMES},
        **{field: counts(fields[field]) for field in _TOKENS},
        "signature": [signature(course.actions) for course in courses],
        "labels": names.pairs(fields["labels"], shares),
        "source_offset": fields["offset"],
        "source_length": fields["length"],
        "knows": _knows(fields, adapters, courses),
        **{field: names.optionals(fields[field], shares) for field in _NAMES},
        **{field: fields[field] for field in _AS_TOLD},
    }


def _knows(
    fields: Mapping[str, Sequence[Any]], adapters: Sequence[Adapter], courses: Sequence[Course]
) -> list[tuple[tuple[str, str], ...]]:
    """What each run could and could not tell, field by field: known, missing or cannot."""
    there = {
        "success": _either(fields["success"]),
        "task": _either(fields["task_id"], fields["task_text"]),
        "parent": _either(fields["parent_execution_id"]),
        "operator": _either(fields["operator_id"]),
        "tokens": _or_in("tokens_in", fields, courses),
        "cost_usd": _or_in("cost_usd", fields, courses),
        "model": _or_in("model", fields, courses),
        "started_at": _either(fields["started_at"]),
    }
    known = zip(*(there.get(field) or [field in course.fields for course in courses] for field in FIELDS), strict=True)
    possible = {adapter.name: _possible(adapter.capabilities.fields) for adapter in adapters}
    return [_told(has, possible[adapter.name]) for has, adapter in zip(known, adapters, strict=True)]


def _either(*columns: Sequence[Any]) -> list[bool]:
    return [any(value is not None for value in values) for values in zip(*columns, strict=True)]


def _or_in(field: str, fields: Mapping[str, Sequence[Any]], courses: Sequence[Course]) -> list[bool]:
    return [value is not None or field in course.fields for value, course in zip(fields[field], courses, strict=True)]


def _possible(fields: Mapping[str, str]) -> tuple[bool, ...]:
    return tuple([fields.get(field, "never") != "never" for field in FIELDS])


@lru_cache(maxsize=1024)
def _told(known: tuple[bool, ...], possible: tuple[bool, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field, "known" if known[at] else "missing" if possible[at] else "cannot") for at, field in enumerate(FIELDS)
    )
