"""Checks to executions: all checks of one guarded run are one execution below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_number, as_text
from soma.adapters.contract import Yield
from soma.identity import qualified
from soma.model import DecisionDraft, ExecutionDraft, Outcome
from soma.source import Damage, Record

from .sniff import FORMAT

_OUTCOMES: dict[str, Outcome] = {"ok": "ok", "skipped": "skipped"}


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """One execution for each run that asked, its checks in the order they were written."""
    # Copies of a trail are read together: each tells its own, and the harvester counts them once.
    runs: dict[tuple[str, str], ExecutionDraft] = {}
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        asked = as_text(record.value.get("executionId"))
        if record.value.get("type") != FORMAT or asked is None:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason="no check of a guard")  # fmt: skip
            continue
        draft = runs.setdefault((record.source.source_id, asked), _run(record, asked))
        decision = _decision(record)
        draft.decisions.append(decision)
        draft.ended_at = decision.started_at or draft.ended_at
    yield from runs.values()


def _run(record: Record, asked: str) -> ExecutionDraft:
    began = _instant(record.value)
    # The checks are soma's, not the agent's own runs: as those they would count for its health.
    identity = qualified("guard", asked)
    return ExecutionDraft(
        execution_id=identity,
        claims=[identity],
        framework="soma-guard",
        agent_id="soma-guard",
        parent_execution_id=asked,
        started_at=began,
        ended_at=began,
        labels={"record": "guard", "agent": as_text(record.value.get("agentId")) or ""},
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def _decision(record: Record) -> DecisionDraft:
    value = record.value
    return DecisionDraft(
        tool="soma-guard", action=as_text(value.get("action")) or "guard", role="other", kind="guard",
        arguments=as_text(value.get("arguments")), reasoning=as_text(value.get("reasoning")),
        outcome=_OUTCOMES.get(str(value.get("outcome")), "unknown"), started_at=_instant(value),
        duration_ms=_duration(value.get("durationMs")), native_id=as_text(value.get("decisionId")),
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def _duration(value: object) -> float | None:
    told = as_number(value)
    return told if told is not None and told >= 0 else None


def _instant(value: dict[str, Any]) -> int | None:
    return clock.instant(value.get("startedAt"))
