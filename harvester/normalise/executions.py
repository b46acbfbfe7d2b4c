"""The row of an execution, and what it could and could not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from soma import clock
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft

from .bounds import STATUSES
from .decisions import counts
from .names import Names

_OF_DECISIONS = {
    field: attrgetter(field)
    for field in ("reasoning", "arguments", "output", "error", "alternatives", "confidence", "started_at",
                  "duration_ms", "tokens_in", "cost_usd", "model")
}  # fmt: skip
_TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")


class Chosen(NamedTuple):
    """What an execution chose and with what outcome, in order."""

    actions: list[str]
    outcomes: list[str]


def row(draft: ExecutionDraft, adapter: Adapter, chosen: Chosen, names: Names) -> dict[str, Any]:
    """All but where the row belongs, what it knows and its longer texts."""
    taken = Counter(chosen.outcomes)
    parents = (draft.parent_execution_id, draft.parent_decision_id)
    short = (draft.session_id, draft.task_id, draft.model, draft.success_from,
             draft.operator_id, draft.team_id, draft.instance_id, *draft.labels, *draft.labels.values())  # fmt: skip
    names.are_plain((), short)
    parent_execution_id, parent_decision_id = names.ids(parents)
    optional = names.optional
    return {
        "framework": draft.framework,
        "adapter": adapter.name,
        "adapter_version": adapter.version,
        "session_id": optional(draft.session_id),
        "parent_execution_id": parent_execution_id,
        "parent_decision_id": parent_decision_id,
        "task_id": optional(draft.task_id),
        "model": optional(draft.model),
        "status": draft.status if draft.status in STATUSES else "unknown",
        "success": draft.success,
        "success_from": optional(draft.success_from),
        "score": draft.score,
        "started_at": draft.started_at,
        "ended_at": draft.ended_at,
        "duration_ms": clock.elapsed_ms(draft.started_at, draft.ended_at),
        "decisions": len(chosen.actions),
        **{outcome: taken[outcome] for outcome in OUTCOMES},
        **dict(zip(_TOKENS, counts([getattr(draft, field) for field in _TOKENS]), strict=True)),
        "cost_usd": draft.cost_usd,
        "signature": signature(chosen.actions),
        "operator_id": optional(draft.operator_id),
        "team_id": optional(draft.team_id),
        "instance_id": optional(draft.instance_id),
        "labels": sorted({names.name(k): names.name(v) for k, v in draft.labels.items()}.items()),
        "source_id": draft.source_id,
        "source_offset": draft.offset,
        "source_length": draft.length,
    }


def knows(draft: ExecutionDraft, adapter: Adapter) -> Sequence[tuple[str, str]]:
    """What this run could and could not tell, field by field: known, missing or cannot."""
    decisions = draft.decisions
    seen = {
        "success": draft.success is not None,
        "task": draft.task_id is not None or draft.task_text is not None,
        "parent": draft.parent_execution_id is not None,
        "operator": draft.operator_id is not None,
        "tokens": draft.tokens_in is not None or _any_has(decisions, "tokens_in"),
        "cost_usd": draft.cost_usd is not None or _any_has(decisions, "cost_usd"),
        "model": draft.model is not None or _any_has(decisions, "model"),
        "started_at": draft.started_at is not None,
    }
    known = tuple([seen[field] if field in seen else _any_has(decisions, field) for field in FIELDS])
    return _told(known, _possible(adapter.capabilities.fields))


def _any_has(decisions: Sequence[DecisionDraft], field: str) -> bool:
    get = _OF_DECISIONS[field]
    # The first one mostly tells.
    return bool(decisions) and (get(decisions[0]) is not None or any(get(each) is not None for each in decisions))


def _possible(fields: Mapping[str, str]) -> tuple[bool, ...]:
    return tuple([fields.get(field, "never") != "never" for field in FIELDS])


@lru_cache(maxsize=1024)
def _told(known: tuple[bool, ...], possible: tuple[bool, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field, "known" if known[at] else "missing" if possible[at] else "cannot") for at, field in enumerate(FIELDS)
    )
