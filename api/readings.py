"""What the pressure engine answers to every decision: as the vault keeps it, the rest replayed now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soma.pressure.engine import Engine
from soma.pressure.modes import Mode
from soma.pressure.patterns import PATTERNS, Rulebook
from soma.pressure.replay.vault import each_execution
from soma.pressure.replay.watch import watch
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade.model import Answered

if TYPE_CHECKING:
    from soma.vault import Snapshot


def answered(snapshot: Snapshot) -> list[Answered]:
    """The rows the job ``grade`` reads, those that are not kept yet made by replaying their executions now."""
    rows = answer(snapshot, Answered, grade.__name__, "readings")
    missing = {row.execution_id for row in rows if row.pressure is None}
    if not missing:
        return rows
    made: dict[str, Answered] = {}
    for execution, events in each_execution(snapshot):
        if execution["execution_id"] in missing:
            for step, reading, watched in watch(events, Engine(), Rulebook(PATTERNS)):
                made[step.decision_id or ""] = Answered(
                    execution["execution_id"], "", False, False, reading.pressure, reading.mode >= Mode.WARN,
                    list(reading.pressures), reading.floor, reading.floor_reason, list(watched.matching),
                )  # fmt: skip
    return [
        msgspec.structs.replace(
            made[row.decision_id], decision_id=row.decision_id, failed=row.failed, chosen=row.chosen
        )
        if row.pressure is None
        else row
        for row in rows
    ]


def pattern_names() -> tuple[str, ...]:
    """Names of all patterns there are."""
    return tuple(pattern.name for pattern in PATTERNS)
