"""The runs inside one session: the conversation itself, the paths a rewind left, and the sub-agents."""

from __future__ import annotations

import msgspec

from .family import Entry, Session
from .prompts import NOTHING, Said, is_local


class Track(msgspec.Struct):
    """Lines that make one execution.

    Attributes:
        suffix: What tells it from the session's main track, in its execution id; empty for the main track.
        agent: Id of the sub-agent where its lines give one; ``hint``: the one in the name of its file, good enough to
            confirm a link.
    """

    session: Session
    suffix: str = ""
    side: bool = False
    parent: Track | None = None
    agent: str | None = None
    hint: str | None = None
    entries: list[Entry] = msgspec.field(default_factory=list)
    said: list[Said] = msgspec.field(default_factory=list)

    def forget(self) -> None:
        """Let go of the lines."""
        self.entries, self.said = [], []


def tracks_of(session: Session) -> list[Track]:
    """The tracks of a session, the main one first, each with the session's own lines and what its users said."""
    main = [entry for entry in session.entries if not entry.side]
    words = _words(main)
    tracks = [*_branches(session, main, words), *_sidechains(session)]
    return [track for track in tracks if track.entries]


def _words(entries: list[Entry]) -> list[Said]:
    """What each line says, slash commands sorted into requests and local ones."""
    words = [entry.said for entry in entries]
    if not any(word.kind == "command" for word in words):
        return words
    following = NOTHING
    for index in range(len(words) - 1, -1, -1):
        word, line = words[index], entries[index].line
        if line.type not in ("user", "assistant") or line.is_meta:
            continue
        if word.kind == "command" and not is_local(word.text, following):
            words[index] = Said("prompt", word.text)
        following = word
    return words


def _branches(session: Session, entries: list[Entry], words: list[Said]) -> list[Track]:
    left = _left_behind(entries, words)
    main = Track(session)
    if not left and len(session.own) == len(session.entries):
        main.entries, main.said = entries, words
        return [main]
    tracks = [main]
    track_of: dict[str, Track] = {}
    own = session.own
    for entry, word in zip(entries, words, strict=True):
        line = entry.line
        track = track_of.get(line.parent_uuid or "", main)
        if line.uuid:
            if line.uuid in left:
                track = Track(session, suffix=line.uuid, parent=track)
                tracks.append(track)
            track_of[line.uuid] = track
        if entry.key in own:
            track.entries.append(entry)
            track.said.append(word)
    return tracks


def _left_behind(entries: list[Entry], words: list[Said]) -> set[str]:
    """First lines of the paths that rewinds left.

    A rewind shows as two requests, or a request beside an answer, under one parent; the path with the newest line goes
    on. Parallel calls and their results also share parents, and are no rewinds.
    """
    if not _forks(entries, words):
        return set()
    newest: dict[str, int] = {}
    children: dict[str, list[int]] = {}
    for index in range(len(entries) - 1, -1, -1):
        line = entries[index].line
        if not line.uuid:
            continue
        reach = newest.setdefault(line.uuid, index)
        if line.parent_uuid and line.parent_uuid != line.uuid:
            newest[line.parent_uuid] = max(newest.get(line.parent_uuid, 0), reach)
            if line.type == "assistant" or words[index].kind == "prompt":
                children.setdefault(line.parent_uuid, []).append(index)
    left: set[str] = set()
    forks = {parent: indices for parent, indices in children.items() if len(indices) > 1}
    messages = {entry.line.uuid: _message_id(entry) for entry in entries} if forks else {}
    for parent, indices in forks.items():
        # What belongs to the parent's own message continues it; the lines of one message are one path.
        indices = [
            index
            for index in indices
            if messages.get(parent) is None or _message_id(entries[index]) != messages[parent]
        ]
        if len(indices) < 2 or not any(words[index].kind == "prompt" for index in indices):
            continue
        live = max(indices, key=lambda index: newest[entries[index].line.uuid or ""])
        message = _message_id(entries[live])
        for index in indices:
            if index != live and (message is None or _message_id(entries[index]) != message):
                left.add(entries[index].line.uuid or "")
    return left


def _forks(entries: list[Entry], words: list[Said]) -> bool:
    """Whether two requests, or a request and an answer, or two answers have one parent."""
    parents: set[str] = set()
    for entry, word in zip(entries, words, strict=True):
        line = entry.line
        parent = line.parent_uuid
        if parent and line.uuid and parent != line.uuid and (line.type == "assistant" or word.kind == "prompt"):
            if parent in parents:
                return True
            parents.add(parent)
    return False


def _message_id(entry: Entry) -> str | None:
    return entry.line.message.id if entry.line.message is not None else None


def _sidechains(session: Session) -> list[Track]:
    """One track per sub-agent: by its id, else by the chain of parents that leads to its first line."""
    tracks: dict[str, Track] = {}
    chain: dict[str | None, str] = {}
    for entry in session.entries:
        if not entry.side:
            continue
        line = entry.line
        name = line.agent_id or (chain.get(line.parent_uuid) if line.parent_uuid else None) or line.uuid or entry.key
        chain[line.uuid] = name
        if entry.key not in session.own:
            continue
        track = tracks.get(name)
        if track is None:
            track = tracks[name] = Track(session, suffix=name, side=True, hint=entry.agent_hint)
        track.agent = track.agent or line.agent_id
        track.entries.append(entry)
    for track in tracks.values():
        track.said = _words(track.entries)
    return list(tracks.values())
