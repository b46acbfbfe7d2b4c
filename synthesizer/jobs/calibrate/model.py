"""What the job ``calibrate`` reads and answers."""

from __future__ import annotations

import msgspec

from soma.synthesizer.jobs.localize.model import Step


class Known(Step, frozen=True):
    """One decision as far as a row of features needs it; fields in the order of the columns of ``decisions.sql``."""

    execution_id: str
    turn: int
    tokens: int | None
    duration_ms: float | None


class Reading(msgspec.Struct, frozen=True):
    pressure: float
    floor: float
    warned: bool
    pressures: list[float]
    patterns: list[str]


class Moment(msgspec.Struct, frozen=True):
    """An execution after its first decisions: these, what the engine answered to them, and the task."""

    task_text: str | None
    steps: list[Known]
    readings: list[Reading]
