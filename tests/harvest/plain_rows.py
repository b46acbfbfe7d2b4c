"""The rows of drafts made plainly: a row at a time, a value at a time, each looked at by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from soma import clock, codec, identity, text
from soma.action import enrich
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.harvester.redact import Redactor
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft

KINDS = ("tool_choice", "branch", "retry", "delegation", "failure", "guard")
ROLES = ("shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other")
TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")
PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@#~+-]{0,119}")


def plain_rows(
    draft: ExecutionDraft, adapter: Adapter, key: bytes, redactor: Redactor
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of the execution and those of its decisions, without what does not depend on the draft."""

    def name(value: str) -> str:
        return redactor.bounded(" ".join(value.split()), 200)

    def named(value: Any) -> str | None:
        return name(value) or None if isinstance(value, str) else None

    def marked(value: str | None) -> str | None:
        return None if value is None else redactor.text(value)

    def bounded(value: str | None, limit: int) -> str | None:
        return None if value is None else redactor.bounded(value, limit)

    def digest(value: str | None) -> str | None:
        return None if value is None else identity.digest(text.whole(value), key=key)

    def decision(draft: DecisionDraft, step: int) -> dict[str, Any]:
        enriched = enrich(draft.tool, draft.arguments)
        is_told = bool(draft.action and draft.role)
        action = draft.action if is_told else draft.action or enriched.action
        role = draft.role if is_told else draft.role or enriched.role
        is_text = draft.arguments is None or isinstance(draft.arguments, str)
        return {
            "execution_id": execution_id,
            "step": step,
            "turn": min(draft.turn, 2**31 - 1),
            "parent_decision_id": marked(draft.parent_decision_id),
            "kind": draft.kind if draft.kind in KINDS else "tool_choice",
            "action": name(action) or "unknown",
            "tool": name(draft.tool),
            "role": role if role in ROLES else "other",
            "arguments": bounded(draft.arguments if is_text else codec.encode(redactor.value(draft.arguments)), 4096),
            "arguments_digest": digest(draft.arguments if is_text else codec.encode(draft.arguments)),
            "output_digest": digest(draft.output),
            "reasoning": bounded(draft.reasoning, 4096),
            "alternatives": None if draft.alternatives is None else [name(each) for each in draft.alternatives],
            "confidence": draft.confidence,
            "outcome": draft.outcome if draft.outcome in OUTCOMES else "unknown",
            "error": bounded(draft.error, 2048),
            "output": bounded(draft.output, 2048),
            "started_at": draft.started_at,
            "duration_ms": draft.duration_ms,
            "tokens_in": count(draft.tokens_in),
            "tokens_out": count(draft.tokens_out),
            "cost_usd": draft.cost_usd,
            "model": named(draft.model),
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        }

    execution_id = redactor.text(draft.execution_id)
    rows = [decision(each, step) for step, each in enumerate(draft.decisions)]
    natives = [redactor.text(native(each.native_id)) if each.native_id else "" for each in draft.decisions]
    for row, decision_id in zip(rows, decision_ids(natives, execution_id), strict=True):
        row["decision_id"] = decision_id
    outcomes = Counter(row["outcome"] for row in rows)
    execution: dict[str, Any] = {
        "execution_id": execution_id,
        "framework": draft.framework,
        "adapter": adapter.name,
        "adapter_version": adapter.version,
        **{field: named(getattr(draft, field)) for field in
           ("session_id", "task_id", "model", "success_from", "operator_id", "team_id", "instance_id")},
        **{field: marked(getattr(draft, field)) for field in ("parent_execution_id", "parent_decision_id")},
        **{field: getattr(draft, field) for field in ("success", "score", "started_at", "ended_at", "cost_usd")},
        **{field: count(getattr(draft, field)) for field in TOKENS},
        **{field: bounded(getattr(draft, field), 2048) for field in ("task_text", "error")},
        "status": draft.status if draft.status in ("completed", "failed", "unknown") else "unknown",
        "duration_ms": clock.elapsed_ms(draft.started_at, draft.ended_at),
        "decisions": len(rows),
        **{outcome: outcomes[outcome] for outcome in OUTCOMES},
        "signature": signature([row["action"] for row in rows]),
        "labels": sorted({name(key): name(value) for key, value in draft.labels.items()}.items()),
        "knows": knows(draft, adapter),
        "source_id": draft.source_id,
        "source_offset": draft.offset,
        "source_length": draft.length,
    }  # fmt: skip
    return execution, rows


def native(native_id: str) -> str:
    """The framework's own id of a decision, or its digest."""
    is_plain = PLAIN_ID.fullmatch(native_id) and ".." not in native_id
    return native_id if is_plain else identity.digest(native_id, size=12)


def decision_ids(natives: Sequence[str], execution_id: str) -> list[str]:
    found: list[str] = []
    for step, each in enumerate(natives):
        tries = [f"{execution_id}#{each}" if each else f"{execution_id}/{step}"]
        tries += [f"{execution_id}#{each}~{repeat}" for repeat in range(2, step + 3)]
        found.append(next(one for one in tries if one not in found))
    return found


def count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value < 2**63 else None


def knows(draft: ExecutionDraft, adapter: Adapter) -> list[tuple[str, str]]:
    def is_known(field: str) -> bool:
        own = {"task": ("task_id", "task_text"), "parent": ("parent_execution_id",), "operator": ("operator_id",),
               "tokens": ("tokens_in",), "success": ("success",), "started_at": ("started_at",),
               "cost_usd": ("cost_usd",), "model": ("model",)}  # fmt: skip
        if any(getattr(draft, each) is not None for each in own.get(field, ())):
            return True
        if field in ("task", "parent", "operator", "success", "started_at"):
            return False
        of_decision = "tokens_in" if field == "tokens" else field
        return any(getattr(each, of_decision) is not None for each in draft.decisions)

    possible = adapter.capabilities.fields
    return [
        (field, "known" if is_known(field) else "missing" if possible.get(field, "never") != "never" else "cannot")
        for field in FIELDS
    ]
