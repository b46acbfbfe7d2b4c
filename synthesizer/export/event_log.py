"""Executions as the cases of an event log, their choices as its events: what XES and OCEL have in common.

Only some executions are held in memory at once, however many there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import tasks
from soma.synthesizer.queries import query
from soma.synthesizer.wording import plain

NAMELESS = "(no name)"
_PACKAGE = "soma.synthesizer.export"
_AT_ONCE = 50_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Row = Mapping[str, Any]


class Tally(msgspec.Struct):
    """What was written: executions, events, and how many of these have no recorded time."""

    executions: int = 0
    events: int = 0
    untimed: int = 0


class Event(msgspec.Struct, frozen=True):
    """One choice.

    Attributes:
        action: Its name, as in the process map.
        at: When the choice was made; where ``recorded`` is false, an instant that only keeps the order.
        row: Its columns.
    """

    action: str
    at: dt.datetime
    recorded: bool
    row: Row


class Case(msgspec.Struct, frozen=True):
    """One execution, the task it attempted where that is known, and its events in order."""

    row: Row
    task: str | None
    task_label: str | None
    events: Sequence[Event]


class EventLog:
    """The executions of a vault, or of one agent, or on one task; each pass over ``cases`` reads them anew.

    Args:
        vault: A snapshot.
        agent: Only executions of this agent.
        task: Only of tasks with this key, or whose label contains it.
        execution: Only this one, by its whole id.

    Raises:
        NothingFound: if there is none.
    """

    def __init__(
        self, vault: Queryable, agent: str | None = None, task: str | None = None, execution: str | None = None
    ) -> None:
        self._vault = vault
        known = tasks.run(vault)
        self._labels = {one.key: one.label for one in known.tasks}
        self._task_of = known.assignments
        found = vault.sql(query(_PACKAGE, "picked"), [agent, agent, execution, execution]).to_pylist()
        if task is not None:
            keys = {
                one.key
                for one in known.tasks
                if task in (one.key, one.label) or task.casefold() in one.label.casefold()
            }
            found = [row for row in found if self._task_of.get(row["execution_id"]) in keys]
        if not found:
            names = [plain(name, 60) for name in (agent, task, execution) if name is not None]
            raise NothingFound(f"the vault holds no run of {' on '.join(map(repr, names)) or 'any agent'}")
        self.execution_ids: list[str] = [row["execution_id"] for row in found]
        self._decisions: list[int] = [row["decisions"] for row in found]

    def actions(self) -> list[str]:
        """The names of all events, in order, each once."""
        found = self._vault.sql(query(_PACKAGE, "actions"), [self.execution_ids]).column(0).to_pylist()
        return sorted({_named(name) for name in found})

    def cases(self, tally: Tally | None = None) -> Iterator[Case]:
        """Executions with their events, by agent and id."""
        for ids in self._batches():
            rows = self._vault.sql(query(_PACKAGE, "events"), [ids]).to_pylist()
            events = {key: list(own) for key, own in groupby(rows, key=lambda row: row["execution_id"])}
            for row in self._vault.sql(query(_PACKAGE, "cases"), [ids]).to_pylist():
                own = timed(events.pop(row["execution_id"], []), row["started_at"])
                if tally is not None:
                    tally.executions += 1
                    tally.events += len(own)
                    tally.untimed += sum(not event.recorded for event in own)
                yield self._case(row, own)

    def without_events(self) -> Iterator[Case]:
        """The same executions, events left away."""
        for ids in self._batches():
            for row in self._vault.sql(query(_PACKAGE, "cases"), [ids]).to_pylist():
                yield self._case(row, ())

    def _case(self, row: Row, events: Sequence[Event]) -> Case:
        task = self._task_of.get(row["execution_id"])
        return Case(row, task, None if task is None else self._labels[task], events)

    def _batches(self) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for execution_id, decisions in zip(self.execution_ids, self._decisions, strict=True):
            batch.append(execution_id)
            size += decisions + 1
            if size >= _AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def timed(rows: Sequence[Row], started_at: dt.datetime | None) -> list[Event]:
    """Decisions of one execution in their order, each with an instant.

    Both formats want one, and their readers order events by it. Where none is recorded, it is that of the decision
    before, of the first one after, or (no decision of the execution has one) as many microseconds after the start as
    there are decisions before; the start of an execution that records none is 1970-01-01.
    """
    first = next((row["started_at"] for row in rows if row["started_at"] is not None), None)
    events: list[Event] = []
    last = first or started_at or _EPOCH
    for place, row in enumerate(rows):
        at = row["started_at"]
        if at is not None:
            last = at
        shown = at or (last if first is not None else last + dt.timedelta(microseconds=place))
        events.append(Event(_named(row["action"]), shown, at is not None, row))
    return events


def instant(at: dt.datetime) -> str:
    """ISO 8601 in UTC to the microsecond."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _named(action: str | None) -> str:
    return action or NAMELESS
