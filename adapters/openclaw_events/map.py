"""Events to executions. Pure: sessions are told apart by source and session id or key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.adapters.blocks.document import as_object, as_text
from soma.adapters.contract import Yield
from soma.source import Damage, Record, Source

from .sniff import is_telemetry_event, is_trajectory_event
from .telemetry import Telemetry
from .trajectory import Trajectory


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """The executions of every source, when it ends."""
    sessions: _Sessions | None = None
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        if sessions is None or sessions.source is not record.source:
            if sessions is not None:
                yield from sessions.executions()
            sessions = _Sessions(record)
        if not sessions.add(record):
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason="a trajectory event without a session id")  # fmt: skip
    if sessions is not None:
        yield from sessions.executions()


class _Sessions:
    """All sessions of one source."""

    def __init__(self, first: Record) -> None:
        self.source: Source = first.source
        self._telemetry = Telemetry(first)
        self._trajectories: dict[str, Trajectory] = {}

    def add(self, record: Record) -> bool:
        """Take the next event; False for one that belongs to no session although it should."""
        event = as_object(record.value)
        if is_telemetry_event(event):
            self._telemetry.add(event, record)
        elif is_trajectory_event(event):
            session_id = as_text(event.get("sessionId"))
            if session_id is None:
                return False
            if session_id not in self._trajectories:
                self._trajectories[session_id] = Trajectory(self.source, session_id, as_text(event.get("sessionKey")))
            self._trajectories[session_id].add(event, record)
        return True

    def executions(self) -> Iterator[Yield]:
        for trajectory in self._trajectories.values():
            yield from trajectory.executions()
        yield from self._telemetry.executions()
