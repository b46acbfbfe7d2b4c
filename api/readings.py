"""What the pressure engine answers to every decision: as the vault keeps it, the rest replayed now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soma.pressure.engine import Configuration, Engine
from soma.pressure.modes import Mode
from soma.pressure.patterns import PATTERNS, Rulebook
from soma.pressure.replay.recording import Begin
from soma.pressure.replay.vault import steps_of
from soma.pressure.replay.watch import watch
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import grade
from soma.synthesizer.jobs.grade.model import Answered

if TYPE_CHECKING:
    from soma.vault import Snapshot

_AT_ONCE = 500


def answered(snapshot: Snapshot, configuration: Configuration | None = None) -> list[Answered]:
    """The rows the job ``grade`` reads; executions whose pressure is not kept yet are replayed now, and not kept.

    Args:
        snapshot: The snapshot to answer from.
        configuration: What the engine is set to, as ``soma synthesize`` sets it.
    """
    rows = answer(snapshot, Answered, grade.__name__, "readings")
    missing = sorted({row.execution_id for row in rows if row.pressure is None})
    made: dict[str, Answered] = {}
    for start in range(0, len(missing), _AT_ONCE):
        made |= _replayed(snapshot, missing[start : start + _AT_ONCE], configuration)
    return [row if row.pressure is not None else _joined(row, made[row.decision_id]) for row in rows]


def answered_of(snapshot: Snapshot, execution: str, configuration: Configuration | None = None) -> list[Answered]:
    """The engine's answers to the decisions of one execution, in order, replayed now."""
    return list(_replayed(snapshot, [execution], configuration).values())


def pattern_names() -> tuple[str, ...]:
    """Names of all patterns there are."""
    return tuple(pattern.name for pattern in PATTERNS)


def _replayed(snapshot: Snapshot, executions: list[str], configuration: Configuration | None) -> dict[str, Answered]:
    told = snapshot.sql(
        "SELECT execution_id, task_text FROM executions WHERE list_contains(?, execution_id)", (executions,)
    )
    texts = dict(zip(told["execution_id"].to_pylist(), told["task_text"].to_pylist(), strict=True))
    made = {}
    for execution, steps in zip(executions, steps_of(snapshot, executions, [""] * len(executions)), strict=True):
        events = [Begin("", execution, texts[execution]), *steps]
        for step, reading, watched in watch(events, Engine(configuration), Rulebook(PATTERNS)):
            identity = step.decision_id or ""
            made[identity] = Answered(
                execution, identity, False, False, reading.pressure, reading.mode >= Mode.WARN,
                list(reading.pressures), reading.floor, reading.floor_reason, list(watched.matching),
            )  # fmt: skip
    return made


def _joined(row: Answered, replayed: Answered) -> Answered:
    return msgspec.structs.replace(replayed, failed=row.failed, chosen=row.chosen)
