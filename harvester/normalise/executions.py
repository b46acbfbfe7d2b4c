"""The row of an execution, and what it could and could not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from soma import clock
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.model import OUTCOMES, ExecutionDraft

from .bounds import STATUSES
from .decisions import Told, counts
from .names import Names

_OF_DECISIONS = ("reasoning", "arguments", "output", "error", "alternatives", "confidence", "started_at", "duration_ms",
                 "tokens_in", "cost_usd", "model")  # fmt: skip
_TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")


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

    def add(self, told: Told, columns: Mapping[str, Sequence[Any]]) -> None:
        """Take in the next decisions, with the columns made of them."""
        self.actions.extend(columns["action"])
        self.outcomes.extend(columns["outcome"])
        for field in _OF_DECISIONS:
            if field not in self.fields and told.fields[field].count(None) < told.size:
                self.fields.add(field)


def names_of(draft: ExecutionDraft) -> list[Any]:
    """All that ``row`` shows as names."""
    return [draft.session_id, draft.task_id, draft.model, draft.success_from, draft.operator_id, draft.team_id,
            draft.instance_id, *draft.labels, *draft.labels.values()]  # fmt: skip


def row(draft: ExecutionDraft, adapter: Adapter, course: Course, names: Names) -> dict[str, Any]:
    """All but where the row belongs, the execution's own and its parents' ids, what it knows and its longer texts."""
    taken = Counter(course.outcomes)
    optional = names.optional
    return {
        "framework": draft.framework,
        "adapter": adapter.name,
        "adapter_version": adapter.version,
        "session_id": optional(draft.session_id),
        "task_id": optional(draft.task_id),
        "model": optional(draft.model),
        "status": draft.status if draft.status in STATUSES else "unknown",
        "success": draft.success,
        "success_from": optional(draft.success_from),
        "score": draft.score,
        "started_at": draft.started_at,
        "ended_at": draft.ended_at,
        "duration_ms": clock.elapsed_ms(draft.started_at, draft.ended_at),
        "decisions": len(course.actions),
        **{outcome: taken[outcome] for outcome in OUTCOMES},
        **dict(zip(_TOKENS, counts([getattr(draft, field) for field in _TOKENS]), strict=True)),
        "cost_usd": draft.cost_usd,
        "signature": signature(course.actions),
        "operator_id": optional(draft.operator_id),
        "team_id": optional(draft.team_id),
        "instance_id": optional(draft.instance_id),
        "labels": sorted({names.name(k): names.name(v) for k, v in draft.labels.items()}.items()),
        "source_id": draft.source_id,
        "source_offset": draft.offset,
        "source_length": draft.length,
    }


def knows(draft: ExecutionDraft, adapter: Adapter, course: Course) -> Sequence[tuple[str, str]]:
    """What this run could and could not tell, field by field: known, missing or cannot."""
    has = course.fields
    seen = {
        "success": draft.success is not None,
        "task": draft.task_id is not None or draft.task_text is not None,
        "parent": draft.parent_execution_id is not None,
        "operator": draft.operator_id is not None,
        "tokens": draft.tokens_in is not None or "tokens_in" in has,
        "cost_usd": draft.cost_usd is not None or "cost_usd" in has,
        "model": draft.model is not None or "model" in has,
        "started_at": draft.started_at is not None,
    }
    known = tuple([seen.get(field, field in has) for field in FIELDS])
    return _told(known, _possible(adapter.capabilities.fields))


def _possible(fields: Mapping[str, str]) -> tuple[bool, ...]:
    return tuple([fields.get(field, "never") != "never" for field in FIELDS])


@lru_cache(maxsize=1024)
def _told(known: tuple[bool, ...], possible: tuple[bool, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field, "known" if known[at] else "missing" if possible[at] else "cannot") for at, field in enumerate(FIELDS)
    )
