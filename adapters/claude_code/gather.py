"""Lines to entries: what each line means by itself, which session it is of, how copies of it are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from soma import clock, codec, identity
from soma.adapters.blocks.document import as_text
from soma.source import Damage, Record

from .family import PREFIX, Entry, File, session_key
from .lines import Line, line_of
from .prompts import NOTHING, said
from .results import NONE, results_of

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


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
