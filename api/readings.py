"""What the pressure engine answers to every decision: as the vault keeps it, the rest replayed now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soma.pressure.engine import Configuration, Engine
from soma.pressure.modes import Mode
from soma.pressure.patterns import PATTERNS, Rulebook
from soma.pressure.replay.recording import Begin, Event
from soma.pressure.replay.vault import steps_of
from soma.pressure.replay.watch import watch
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade.model import Answered

if TYPE_CHECKING:
    from soma.vault import Snapshot

_AT_ONCE = 500


class _Decision(msgspec.Struct, frozen=True):
    """A decision of an execution to be replayed; fields in the order of the columns of the two queries below."""

    execution_id: str
    decision_id: str
    failed: bool
    chosen: bool


def answered(snapshot: Snapshot, configuration: Configuration | None = None) -> list[Answered]:
    """The rows the job ``grade`` reads; executions whose pressure is not kept yet are replayed now, and not kept.

    Args:
        snapshot: The snapshot to answer from.
        configuration: What the engine is set to, as ``soma synthesize`` sets it.
    """
    missing = answer(snapshot, _Decision, grade.__name__, "unanswered")
    names = {row.execution_id for row in missing}
    kept = [row for row in answer(snapshot, Answered, grade.__name__, "readings") if row.execution_id not in names]
    return kept + _replayed(snapshot, missing, configuration)


def answered_of(snapshot: Snapshot, execution: str, configuration: Configuration | None = None) -> list[Answered]:
    """The engine's answers to the decisions of one execution, in order, replayed now."""
    return _replayed(snapshot, answer(snapshot, _Decision, grade.__name__, "one", (execution,)), configuration)


def pattern_names() -> tuple[str, ...]:
    """Names of all patterns there are."""
    return tuple(pattern.name for pattern in PATTERNS)


def _replayed(snapshot: Snapshot, decisions: list[_Decision], configuration: Configuration | None) -> list[Answered]:
    told = {row.decision_id: row for row in decisions}
    executions = sorted({row.execution_id for row in decisions})
    found = []
    for start in range(0, len(executions), _AT_ONCE):
        some = executions[start : start + _AT_ONCE]
        told_of = snapshot.sql(
            "SELECT execution_id, task_text FROM executions "
            "WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[]))) ORDER BY execution_id NULLS LAST",
            (some,),
        ).to_pylist()
        texts = {row["execution_id"]: row["task_text"] for row in told_of}
        for execution, steps in zip(some, steps_of(snapshot, some, [""] * len(some)), strict=True):
            events: list[Event] = [Begin("", execution, texts[execution]), *steps]
            for step, reading, watched in watch(events, Engine(configuration), Rulebook(PATTERNS)):
                own = told[step.decision_id or ""]
                answers = Answered(
                    execution, own.decision_id, own.failed, own.chosen, reading.pressure, reading.mode >= Mode.WARN,
                    list(reading.pressures), reading.floor, reading.floor_reason, list(watched.matching),
                )  # fmt: skip
                found.append(answers)
    return found
