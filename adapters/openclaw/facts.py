"""What is known about a session besides its entries: from the session index, or from the database that holds it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_count, as_object, as_text
from soma.source import Source

_KEY = re.compile(r"^agent:(?P<agent>[^:]+):")
_CRON_KEY = re.compile(r"^agent:[^:]+:cron:(?P<job>[^:]+)")
_FOLDER = re.compile(r"[/\\]agents[/\\](?P<agent>[^/\\]+)[/\\](?:sessions|agent)[/\\]")
# The index is written after the last entry, or a moment before it.
_LAG = 5_000_000


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about one session.

    Attributes:
        id: OpenClaw's session id; ``None`` when only the file's header or name can tell.
        key: Session key (``agent:<agentId>:...``).
        status: ``done``, ``failed``, ``killed`` or ``timeout`` as of ``ended_at``; ``None`` while it runs or unknown.
        ended_at: When the last run of the session ended.
        parent: Session id of the session that spawned it.
        spawned: Whether another session spawned it.
        family: Session ids whose history this one may have copied.
    """

    id: str | None = None
    key: str | None = None
    status: str | None = None
    ended_at: int | None = None
    parent: str | None = None
    spawned: bool = False
    depth: int | None = None
    label: str | None = None
    family: tuple[str, ...] = ()

    def status_at(self, instant: int | None) -> str | None:
        """The status, if it was told after ``instant``: what ran later is not covered by it."""
        if self.status is None or (
            self.ended_at is not None and instant is not None and instant > self.ended_at + _LAG
        ):
            return None
        return self.status

    def agent(self, path: str) -> str:
        """The agent: from the session key, else from the folders OpenClaw keeps agents in, else empty."""
        named = _KEY.match(self.key or "") or _FOLDER.search(path)
        return named["agent"] if named else ""

    def cron_job(self) -> str | None:
        """Id of the cron job that a session key names."""
        named = _CRON_KEY.match(self.key or "")
        return named["job"] if named else None


def from_context(source: Source) -> Session:
    """The facts the session index told about a transcript file."""
    entry = as_object(source.context.get("session"))
    return Session(
        key=as_text(entry.get("key")),
        status=as_text(entry.get("status")),
        ended_at=clock.instant(entry.get("endedAt")),
        parent=as_text(entry.get("parentSessionId")),
        spawned=as_text(entry.get("spawnedBy")) is not None,
        depth=as_count(entry.get("spawnDepth")),
        label=as_text(entry.get("label")),
    )


def from_window(row: dict[str, Any], node: dict[str, Any], parent: str | None) -> Session:
    """The facts a database row of ``session_windows`` tells, with the entry of its ``session_nodes`` row."""
    family = [
        node.get("fork_source_session_id"),
        row.get("previous_session_id") if row.get("reason") != "reset" else None,
    ]
    entry = as_object(node.get("entry"))
    return Session(
        id=as_text(row.get("session_id")),
        key=as_text(row.get("session_key")),
        status=as_text(row.get("status")) if row.get("status") != "running" else None,
        ended_at=clock.instant(row.get("ended_at")),
        parent=parent,
        spawned=as_text(row.get("spawned_by")) is not None,
        depth=as_count(entry.get("spawnDepth")),
        label=as_text(entry.get("label")) or as_text(node.get("label")),
        family=tuple(sorted({name for name in map(as_text, family) if name})),
    )
