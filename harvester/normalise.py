"""From what an adapter says to what the vault holds: names, ids, digests, redaction and bounds, in one place for all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from soma import clock, codec, identity, text
from soma.action import enrich
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft, PatternDraft
from soma.schema import DECISIONS, EXECUTIONS, INSIGHTS, SCHEMA_VERSION

from .agents import AgentNames
from .redact import Redactor
from .rows import Rows

VERSION = 1
"""Raised whenever the same drafts would become other rows."""

OUTPUT_BYTES = 2048
ERROR_BYTES = 2048
ARGUMENT_BYTES = 4096
REASONING_BYTES = 4096
TASK_BYTES = 2048
NAME_BYTES = 200
_INT32 = (1 << 31) - 1
_INT64 = (1 << 63) - 1

_KINDS = frozenset({"tool_choice", "branch", "retry", "delegation", "failure", "guard"})
_STATUSES = frozenset({"completed", "failed", "unknown"})
_ROLES = frozenset({"shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other"})


def reader_version(adapter_versions: Mapping[str, int]) -> str:
    """Digest of everything besides a source's bytes that decides which rows they yield."""
    parts = [f"{name}:{version}" for name, version in sorted(adapter_versions.items())]
    return identity.digest("\n".join([f"normalise:{VERSION}", f"schema:{SCHEMA_VERSION}", *parts]))


class Normaliser:
    """Turns drafts into rows.

    Args:
        key: The vault's secret key.
        redactor: Replaces secrets by typed marks.
        agents: Names agents that a trace leaves unnamed.

    Attributes:
        executions, decisions, insights: The rows made so far.
    """

    def __init__(self, key: bytes, redactor: Redactor, agents: AgentNames) -> None:
        self._key = key
        self._redactor = redactor
        self._agents = agents
        self.executions = Rows(EXECUTIONS)
        self.decisions = Rows(DECISIONS)
        self.insights = Rows(INSIGHTS)
        self._decision_columns = [column.name for column in DECISIONS.columns]

    def add(self, draft: ExecutionDraft, adapter: Adapter, path: str, revision: int, reading: int) -> None:
        """Append the rows of one execution, in the order its decisions were taken."""
        agent_id = self._name(self._agents.name(draft.agent_id, path)) or "unnamed"
        execution_id = self._id(draft.execution_id)
        outcomes: Counter[str] = Counter()
        actions: list[str] = []
        taken: set[str] = set()
        for step, decision in enumerate(draft.decisions):
            outcome = decision.outcome if decision.outcome in OUTCOMES else "unknown"
            enriched = None if decision.action and decision.role else enrich(decision.tool, decision.arguments)
            action = self._name(decision.action or (enriched.action if enriched else "")) or "unknown"
            role = decision.role or (enriched.role if enriched else "other")
            outcomes[outcome] += 1
            actions.append(action)
            self._add_decision(
                decision, execution_id, agent_id, step, action, role if role in _ROLES else "other", outcome,
                self._decision_id(decision, execution_id, step, taken), revision, reading,
            )  # fmt: skip
        self.executions.add({
            "execution_id": execution_id,
            "revision": revision,
            "reading": reading,
            "agent_id": agent_id,
            "framework": draft.framework,
            "adapter": adapter.name,
            "adapter_version": adapter.version,
            "session_id": self._optional_name(draft.session_id),
            "parent_execution_id": self._optional_id(draft.parent_execution_id),
            "parent_decision_id": self._optional_id(draft.parent_decision_id),
            "task_id": self._optional_name(draft.task_id),
            "task_text": self._text(draft.task_text, TASK_BYTES),
            "model": self._optional_name(draft.model),
            "status": draft.status if draft.status in _STATUSES else "unknown",
            "success": draft.success,
            "success_from": self._optional_name(draft.success_from),
            "score": draft.score,
            "error": self._text(draft.error, ERROR_BYTES),
            "started_at": draft.started_at,
            "ended_at": draft.ended_at,
            "duration_ms": clock.elapsed_ms(draft.started_at, draft.ended_at),
            "decisions": len(draft.decisions),
            **{outcome: outcomes[outcome] for outcome in OUTCOMES},
            "tokens_in": _count(draft.tokens_in),
            "tokens_out": _count(draft.tokens_out),
            "tokens_cache_read": _count(draft.tokens_cache_read),
            "tokens_cache_write": _count(draft.tokens_cache_write),
            "cost_usd": draft.cost_usd,
            "signature": signature(actions),
            "operator_id": self._optional_name(draft.operator_id),
            "team_id": self._optional_name(draft.team_id),
            "instance_id": self._optional_name(draft.instance_id),
            "labels": sorted((self._name(k), self._name(v)) for k, v in draft.labels.items()),
            "knows": _knows(draft, adapter),
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        })  # fmt: skip

    def add_pattern(self, draft: PatternDraft) -> None:
        """Append a pattern that another system found, as a proposal that waits for a person."""
        self.insights.add({
            "insight_id": self._id(draft.pattern_id),
            "type": self._name(draft.pattern_type),
            "claim": self._text(draft.claim, TASK_BYTES) or "",
            "confidence": draft.confidence,
            "agents": [self._name(agent) for agent in draft.agents],
            "evidence": [self._id(item) for item in draft.evidence],
            "status": "pending",
            "origin": "harvest",
            "seen_at": draft.seen_at,
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        })  # fmt: skip

    def _add_decision(
        self, draft: DecisionDraft, execution_id: str, agent_id: str, step: int, action: str, role: str, outcome: str,
        decision_id: str, revision: int, reading: int,
    ) -> None:  # fmt: skip
        arguments = draft.arguments
        if arguments is not None and not isinstance(arguments, str):
            arguments_full = _written(arguments)
            shown = _written(self._redactor.value(arguments)) if arguments else arguments_full
        else:
            arguments_full = shown = arguments
        self.decisions.add({
            "decision_id": decision_id,
            "execution_id": execution_id,
            "revision": revision,
            "reading": reading,
            "agent_id": agent_id,
            "step": step,
            "turn": min(draft.turn, _INT32),
            "parent_decision_id": self._optional_id(draft.parent_decision_id),
            "kind": draft.kind if draft.kind in _KINDS else "tool_choice",
            "action": action,
            "tool": self._name(draft.tool),
            "role": role,
            "arguments": self._text(shown, ARGUMENT_BYTES),
            "arguments_digest": self._digest(arguments_full),
            "output_digest": self._digest(draft.output),
            "reasoning": self._text(draft.reasoning, REASONING_BYTES),
            "alternatives": None if draft.alternatives is None else [self._name(item) for item in draft.alternatives],
            "confidence": draft.confidence,
            "outcome": outcome,
            "error": self._text(draft.error, ERROR_BYTES),
            "output": self._text(draft.output, OUTPUT_BYTES),
            "started_at": draft.started_at,
            "duration_ms": draft.duration_ms,
            "tokens_in": _count(draft.tokens_in),
            "tokens_out": _count(draft.tokens_out),
            "cost_usd": draft.cost_usd,
            "model": self._optional_name(draft.model),
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        })  # fmt: skip

    def _decision_id(self, draft: DecisionDraft, execution_id: str, step: int, taken: set[str]) -> str:
        if not draft.native_id:
            return f"{execution_id}/{step}"
        native = identity.qualified("", draft.native_id).removeprefix(":")
        found = f"{execution_id}#{native}"
        repeat = 1
        # Some frameworks use one call id several times in a run; position in the run tells them apart.
        while found in taken:
            repeat += 1
            found = f"{execution_id}#{native}~{repeat}"
        taken.add(found)
        return found

    def _digest(self, value: str | None) -> str | None:
        return None if value is None else identity.digest(text.whole(value), key=self._key)

    def _text(self, value: str | None, limit: int) -> str | None:
        return None if value is None else self._redactor.bounded(value, limit)

    def _name(self, value: str) -> str:
        return self._redactor.bounded(" ".join(value.split()), NAME_BYTES) if value else ""

    def _optional_name(self, value: Any) -> str | None:
        return self._name(value) or None if isinstance(value, str) else None

    def _id(self, value: str) -> str:
        return self._redactor.text(value)

    def _optional_id(self, value: str | None) -> str | None:
        return None if value is None else self._id(value)


def _written(arguments: Any) -> str:
    try:
        return codec.encode(arguments)
    except RecursionError:
        return '"[nested too deeply to be written]"'


def _count(value: int | None) -> int | None:
    return value if value is None or 0 <= value <= _INT64 else None


def _knows(draft: ExecutionDraft, adapter: Adapter) -> list[tuple[str, str]]:
    """What this run could and could not tell, field by field: known, missing or cannot."""
    decisions = draft.decisions
    seen = {
        "success": draft.success is not None,
        "task": draft.task_id is not None or draft.task_text is not None,
        "parent": draft.parent_execution_id is not None,
        "operator": draft.operator_id is not None,
        "tokens": draft.tokens_in is not None or any(d.tokens_in is not None for d in decisions),
        "cost_usd": draft.cost_usd is not None or any(d.cost_usd is not None for d in decisions),
        "model": draft.model is not None or any(d.model is not None for d in decisions),
        "started_at": draft.started_at is not None,
        "duration_ms": any(d.duration_ms is not None for d in decisions),
    }
    told = []
    for field in FIELDS:
        known = seen[field] if field in seen else any(getattr(d, field) is not None for d in decisions)
        possible = adapter.capabilities.fields.get(field, "never") != "never"
        told.append((field, "known" if known else "missing" if possible else "cannot"))
    return told
