"""Sessions out of files: each line once, and every copied line in the session it was first written in.

Nothing here depends on the order in which files come: files are ranked by how many lines they hold, sessions by when
their own lines begin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set

import msgspec

from soma import identity
from soma.source import Source

from .lines import Line
from .prompts import Said
from .results import Result

PREFIX = "cc"
_AGENT_FILE = re.compile(r"agent-([A-Za-z0-9_-]+)\.jsonl\Z")


class File(msgspec.Struct):
    """One source of the family.

    Attributes:
        sessions: Ids of the sessions it holds lines of.
        claims: What another file of the family would share: session ids, the root of the conversation, the first line.
        links: Sub-agent id to the call that started it, where progress lines say so.
    """

    source: Source
    entries: list[Entry] = msgspec.field(default_factory=list)
    sessions: set[str] = msgspec.field(default_factory=set)
    claims: set[str] = msgspec.field(default_factory=set)
    links: dict[str, str] = msgspec.field(default_factory=dict)


class Entry(msgspec.Struct, gc=False):
    """A line and where it stands.

    Attributes:
        results: The tool results on it, with the ids of their calls; said: what its user says.
        side: Whether a sub-agent wrote it.
        key: Identity of the line, equal in all copies.
        at: When it was written; ``clock``: the latest time seen in the file so far, which never goes back.
    """

    line: Line
    source: Source
    offset: int
    length: int
    position: int
    session: str
    key: str
    at: int | None
    clock: int
    results: list[tuple[str, Result]]
    said: Said
    side: bool

    @property
    def agent_hint(self) -> str | None:
        """The sub-agent id in the name of its file, good enough to confirm a link."""
        found = _AGENT_FILE.match(self.source.name)
        return found[1] if found else None


class Session(msgspec.Struct):
    """All that the family's files hold of one session.

    Attributes:
        entries: Its lines in order, copied ones included.
        own: Keys of the lines that belong to it.
        resumed_from: The session whose lines it copied or continued.
    """

    session_id: str
    entries: list[Entry] = msgspec.field(default_factory=list)
    own: Set[str] = frozenset()
    resumed_from: str | None = None
    claims: list[str] = msgspec.field(default_factory=list)
    links: dict[str, str] = msgspec.field(default_factory=dict)

    def forget(self) -> None:
        """Let go of the lines."""
        self.entries, self.own = [], frozenset()


def session_key(session_id: str) -> str:
    """Execution id of a session."""
    return identity.qualified(PREFIX, session_id)


def sessions_of(files: list[File]) -> list[Session]:
    """The sessions of a family, the one whose lines are oldest first, with every line owned by one of them."""
    kept: dict[str, dict[str, Entry]] = {}
    rank: dict[str, int] = {}
    in_order = len(files) == 1
    for file in sorted(files, key=lambda file: (-len(file.entries), file.source.source_id)):
        rank[file.source.source_id] = len(rank)
        for entry in file.entries:
            lines = kept.get(entry.session)
            if lines is None:
                lines = kept[entry.session] = {}
            held = lines.setdefault(entry.key, entry)
            if held is not entry and held.side and not entry.side:
                lines[entry.key] = entry
                in_order = False
    sessions = [Session(session_id, list(lines.values()), lines.keys()) for session_id, lines in kept.items()]
    for session in () if in_order else sessions:
        session.entries.sort(key=lambda entry: (entry.clock, rank[entry.source.source_id], entry.position))
    _settle(sessions)
    for session in sessions:
        holders = [file for file in files if session.session_id in file.sessions]
        session.claims = sorted({claim for file in holders for claim in file.claims})
        for file in sorted(holders, key=lambda file: rank[file.source.source_id]):
            session.links = {**file.links, **session.links}
    return sessions


def _settle(sessions: list[Session]) -> None:
    """Order the sessions and give each copied line to the first that has it."""
    if len(sessions) == 1:
        sessions[0].resumed_from = _continued(sessions[0], {})
        return
    held = Counter(entry.key for session in sessions for entry in session.entries)

    def seniority(session: Session) -> tuple[bool, int, int, str]:
        forked = any(entry.line.forked_from is not None for entry in session.entries)
        # A session all of whose lines were copied on has no line of its own: it is the older one, and the shorter.
        starts = [entry.at for entry in session.entries if held[entry.key] == 1 and entry.at is not None]
        return forked, min(starts, default=0), len(session.entries), session.session_id

    sessions.sort(key=seniority)
    owners: dict[str, Session] = {}
    by_uuid: dict[str, Session] = {}
    for session in sessions:
        own: set[str] = set()
        session.own = own
        for entry in session.entries:
            owner = owners.setdefault(entry.key, session)
            if entry.line.uuid:
                by_uuid.setdefault(entry.line.uuid, owner)
            if owner is session:
                own.add(entry.key)
            else:
                session.resumed_from = owner.session_id
    for session in sessions:
        session.resumed_from = session.resumed_from or _continued(session, by_uuid)


def _continued(session: Session, by_uuid: dict[str, Session]) -> str | None:
    """The session it goes on from without copied lines: named by a fork mark, or by the parent of its first line."""
    for entry in session.entries:
        if entry.line.forked_from is not None and entry.line.forked_from.session_id:
            return entry.line.forked_from.session_id
    for entry in session.entries if by_uuid else ():
        parent = None if entry.side else by_uuid.get(entry.line.parent_uuid or "")
        if parent is not None and parent is not session:
            return parent.session_id
    return None
