"""Whose line is it: a forked or spawned thread's file begins with a copy of its parent's history.

The copy is stamped with the time of copying, but the ids of turns keep the time at which they began (UUIDv7), and a
turn belongs to the youngest thread that existed then.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_object, as_text

from .run import Run, thread_key

_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)
_COPYING = 2_000_000  # microseconds within which a copy is written
_SECOND = 999_999


class Thread(msgspec.Struct):
    """A thread that a file holds lines of.

    Attributes:
        created: When it began, epoch microseconds; 0 when nothing tells.
        copied: Its lines are a copy made when a younger thread began.
        described: Its own ``session_meta`` was read.
    """

    run: Run
    created: int
    copied: bool = False
    described: bool = False


class Threads:
    """The threads of one file and which of them the next line belongs to."""

    def __init__(self) -> None:
        self.by_id: dict[str, Thread] = {}
        self._by_age: list[Thread] = []
        self.current: Thread | None = None
        self._told = False

    def add(self, thread_id: str, run: Run, created: int | None) -> Thread:
        """A thread that was not met before; a copy if it is older than the first one of the file."""
        thread = Thread(run, began(thread_id) or created or 0)
        first = next(iter(self.by_id.values()), thread)
        thread.copied = thread.created < first.created
        self.by_id[thread_id] = thread
        insort(self._by_age, thread, key=_created)
        return thread

    def turn(self, payload: dict[str, Any]) -> None:
        """A turn begins: it belongs to the youngest thread that existed when it began."""
        if len(self.by_id) < 2:
            return
        started = clock.instant(payload.get("started_at"))
        # Written in whole seconds, rounded down.
        moment = began(payload.get("turn_id")) or (started + _SECOND if started is not None else None)
        if moment is not None:
            self._told = True
            self.current = self._youngest(moment)

    def line(self, at: int | None) -> None:
        """A line was written: without ids of turns, what was not written with the copy is the younger thread's own."""
        if len(self.by_id) < 2 or self._told or at is None or self.current is None:
            return
        youngest = self._youngest(at - _COPYING)
        if youngest.created > self.current.created:
            self.current = youngest

    def _youngest(self, moment: int) -> Thread:
        return self._by_age[max(bisect_right(self._by_age, moment, key=_created) - 1, 0)]


def _created(thread: Thread) -> int:
    return thread.created


def began(uuid: Any) -> int | None:
    """The instant in a UUIDv7, epoch microseconds; ``None`` for any other id."""
    found = _UUID7.match(uuid) if isinstance(uuid, str) else None
    return clock.plausible(int(found[1] + found[2], 16) * 1000) if found else None


def describe(run: Run, meta: dict[str, Any]) -> str | None:
    """Write what a ``session_meta`` says of a thread into its execution.

    Returns:
        The id of the thread whose history it was forked with, if any.
    """
    draft = run.draft
    source = meta.get("source")
    spawn = as_object(as_object(as_object(source).get("subagent")).get("thread_spawn"))
    forked_from = as_text(meta.get("forked_from_id"))
    parent = as_text(meta.get("parent_thread_id")) or as_text(spawn.get("parent_thread_id")) or forked_from
    if parent is not None and thread_key(parent) != draft.execution_id:
        draft.parent_execution_id = thread_key(parent)
    cwd = as_text(meta.get("cwd"))
    if cwd is not None:
        place(run, cwd)
    if isinstance(source, dict) and "subagent" in source:
        kind = source["subagent"]
        role = as_text(spawn.get("agent_role")) or as_text(kind)
        draft.agent_id = role or draft.agent_id
    labels = {
        "version": meta.get("cli_version"),
        "originator": meta.get("originator"),
        "source": source,
        "git_branch": as_object(meta.get("git")).get("branch"),
        "forked_from": forked_from,
    }
    draft.labels.update((name, value) for name, value in labels.items() if isinstance(value, str) and value)
    return forked_from


def place(run: Run, cwd: str) -> None:
    """The working directory of a thread, which names its agent."""
    run.draft.labels["cwd"] = cwd
    name = cwd.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    run.draft.agent_id = "" if name.endswith(":") else name
