"""Sessions out of files: each line once, and every copied line in the session it was first written in.

Nothing here depends on the order in which files come: files are ranked by how many lines they hold, sessions by when
their own lines begin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set

import msgspec

from soma import clock, codec, identity
from soma.adapters.blocks.document import as_text
from soma.source import Damage, Record, Source

from .lines import Line, line_of
from .prompts import NOTHING, Said, said
from .results import NONE, Result, results_of

PREFIX = "cc"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
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


def gather(records: Iterable[Record | Damage], files: list[File]) -> Iterator[Damage]:
    """Sort the records by file into ``files``; yields what is damaged."""
    by_source: dict[str, File] = {}
    file: File | None = None
    latest = 0
    before = Line()
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        source = record.source
        if file is None or source is not file.source:
            file = by_source.get(source.source_id)
            if file is None:
                file = by_source[source.source_id] = File(source)
                files.append(file)
            latest = file.entries[-1].clock if file.entries else 0
        line = record.value if type(record.value) is Line else line_of(record.value)
        kind = line.type
        talk = kind == "user" or kind == "assistant"
        if talk and line.message is None:
            yield Damage(source_id=source.source_id, offset=record.offset, length=record.length,
                         reason=f"a line of type {kind} without a message")  # fmt: skip
            continue
        if line.data is not None and line.parent_tool_use_id and (agent := as_text(line.data.agent_id)):
            file.links.setdefault(agent, line.parent_tool_use_id)
        if talk or line.uuid:
            at = clock.from_iso(line.timestamp)
            if at is not None and at > latest:
                latest = at
            _share(line, before)
            before = line
            file.entries.append(Entry(
                line, file.source, record.offset, record.length, len(file.entries), line.session_id or "", _key(line),
                at, latest, results_of(line, at) if kind == "user" else NONE, said(line) if kind == "user" else NOTHING,
                bool(line.is_sidechain),
            ))  # fmt: skip
            # Its meaning is in the results now.
            line.tool_use_result = None
    for file in files:
        _name(file)


def _share(line: Line, before: Line) -> None:
    """Lets a line hold the very texts that the line before it holds: a session's lines are all held until its end."""
    if line.parent_uuid == before.uuid:
        line.parent_uuid = before.uuid
    if line.session_id == before.session_id:
        line.session_id = before.session_id
    if line.cwd == before.cwd:
        line.cwd = before.cwd
    if line.version == before.version:
        line.version = before.version
    if line.git_branch == before.git_branch:
        line.git_branch = before.git_branch


def _name(file: File) -> None:
    """Give every entry of a file its session, those without a uuid their keys, and the file its claims."""
    entries = file.entries
    named = next((entry.session for entry in entries if entry.session), None)
    session = named or (_content_id(entries[0]) if entries else "")
    unnamed: Counter[str] = Counter()
    first = root = None
    seen = None
    for entry in entries:
        line = entry.line
        if entry.session:
            session = entry.session
        else:
            entry.session = session
        if session is not seen:
            file.sessions.add(session)
            seen = session
        if line.forked_from is not None and line.forked_from.session_id:
            file.claims.add(session_key(line.forked_from.session_id))
        if not line.uuid:
            # Without a uuid two equal lines are still two lines: the first of one copy is the first of the other.
            unnamed[entry.key] += 1
            entry.key += f"#{unnamed[entry.key]}"
        elif root is None and not entry.side:
            first = first or entry.key
            root = entry.key if line.parent_uuid is None else None
    file.claims.update(session_key(session) for session in file.sessions)
    file.claims.update(identity.qualified(PREFIX, f"line:{key}") for key in (first, root) if key)


def _key(line: Line) -> str:
    original = line.forked_from.message_uuid if line.forked_from is not None else None
    uuid = original or line.uuid
    if uuid:
        # Hand-made ids such as "msg-001" repeat across sessions that have nothing to do with each other.
        return uuid if _UUID.match(uuid) else f"{uuid}@{line.timestamp}"
    return "text:" + identity.digest(codec.encode([line.type, str(line.timestamp), *_fingerprint(line)]), size=12)


def _content_id(entry: Entry) -> str:
    return "export-" + identity.digest(entry.key, size=12)


def _fingerprint(line: Line) -> list[str]:
    content = line.message.content if line.message is not None else None
    if isinstance(content, str):
        return [content]
    return [
        value for block in content or [] for value in (block.type, block.text, block.id, block.tool_use_id)
        if isinstance(value, str)
    ]  # fmt: skip


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
