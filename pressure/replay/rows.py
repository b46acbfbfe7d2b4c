"""Rows of the vault that a replay of executions makes: pressure, vitals, firings and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from soma.identity import digest
from soma.pressure.assignment import family_of
from soma.pressure.modes import Mode
from soma.pressure.patterns import Finding, Watched
from soma.pressure.reading import Reading
from soma.schema import FIRING_OUTCOMES, FIRINGS, PRESSURE, VITALS, Table

from .outcome import Seen, outcomes
from .recording import Step

if TYPE_CHECKING:
    import pyarrow as pa

TEXT = 500
"""Characters kept of what a pattern saw."""
SHADOW = "shadow"
"""The arm of a firing at which nobody was there to be told."""
REPLAY = "replay"

Watch = tuple[Step, Reading, Watched]


class Missing(NamedTuple):
    """An execution at the reading that is to be replayed."""

    execution_id: str
    reading: int
    decisions: int


class Replayed(NamedTuple):
    """One execution, action by action."""

    missing: Missing
    agent_id: str
    watched: Sequence[Watch]


class Rows:
    """Rows of replayed executions, gathered by table.

    Args:
        engine: Digest of everything that decides what the replay answered.
        versions: Pattern to its version.
    """

    def __init__(self, engine: str, versions: dict[str, int]) -> None:
        self._engine = engine
        self._versions = versions
        self._rows: dict[str, list[tuple[Any, ...]]] = {
            table.name: [] for table in (PRESSURE, VITALS, FIRINGS, FIRING_OUTCOMES)
        }

    def table(self, table: Table) -> pa.Table:
        """The rows gathered for one table."""
        import pyarrow as pa

        schema = table.arrow()
        rows = self._rows[table.name]
        if not rows:
            return schema.empty_table()
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        return pa.table([pa.array(values, field.type) for values, field in columns], schema=schema)

    def count(self, table: Table) -> int:
        """How many rows were gathered for one table."""
        return len(self._rows[table.name])

    def add(self, one: Replayed) -> None:
        """Take in an execution."""
        run = [
            Seen(step.action.role, step.action.failed, reading.pressure, watched.matching)
            for step, reading, watched in one.watched
        ]
        rows, modes = self._rows[PRESSURE.name], [mode.name for mode in Mode]
        execution_id, written, _ = one.missing
        for number, (step, reading, watched) in enumerate(one.watched):
            rows.append(
                (step.decision_id, execution_id, written, self._engine, number, reading.pressure, modes[reading.mode],
                 reading.signals, reading.pressures, reading.floor, reading.floor_reason, watched.matching)
            )  # fmt: skip
            for finding in watched.fired:
                self._fired(one, run, number, finding)
        self._vitals(one)

    def _fired(self, one: Replayed, run: Sequence[Seen], number: int, finding: Finding) -> None:
        step, reading, _ = one.watched[number]
        version = self._versions[finding.pattern]
        parts = (finding.pattern, str(version), one.missing.execution_id, step.decision_id or str(number), REPLAY)
        firing_id = digest("\x1f".join(parts), size=12)
        self._rows[FIRINGS.name].append(
            (firing_id, finding.pattern, version, one.agent_id, family_of(one.agent_id), SHADOW, REPLAY, None,
             finding.severity.name.lower(), self._engine, reading.pressure, finding.what[:TEXT], finding.healing,
             one.missing.execution_id, step.decision_id, number, step.action.started_at)
        )  # fmt: skip
        for outcome in outcomes(run, number, finding.pattern, finding.healing):
            self._rows[FIRING_OUTCOMES.name].append((firing_id, *outcome, None))

    def _vitals(self, one: Replayed) -> None:
        modes = [reading.mode for _, reading, _ in one.watched]
        pressures = [reading.pressure for _, reading, _ in one.watched]
        peak = max(pressures, default=0.0)
        self._rows[VITALS.name].append(
            (one.missing.execution_id, one.missing.reading, self._engine,
             peak, pressures.index(peak) if pressures else None,
             next((number for number, mode in enumerate(modes) if mode >= Mode.WARN), None),
             *(modes.count(mode) for mode in Mode), _warn_ms(one.watched))
        )  # fmt: skip


def _warn_ms(watched: Sequence[Watch]) -> float | None:
    """From each action at WARN or above to the next one; the last lasts as long as it is said to have taken."""
    spent = 0.0
    for number, (step, reading, _) in enumerate(watched):
        if reading.mode < Mode.WARN:
            continue
        if number + 1 < len(watched):
            start, end = step.action.started_at, watched[number + 1][0].action.started_at
            lasted = None if start is None or end is None else max(0, end - start) / 1000
        else:
            lasted = step.action.duration_ms
        if lasted is None:
            return None
        spent += lasted
    return spent
