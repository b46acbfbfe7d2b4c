"""The entries of a transcript form a tree; what happened is the path to its newest leaf, the rest was abandoned."""

from __future__ import annotations

from typing import TypeAlias

from .entries import Entry

ROOT = -1
_Mark: TypeAlias = tuple[str | None, str | None]


class Tree:
    """Positions of entries and who follows whom, built while the entries stream by.

    Entries without ids (v1, and broken lines between good ones) follow the entry before them.
    """

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._places: dict[str, int] = {}
        self._marks: dict[str, _Mark | set[_Mark]] = {}
        self._leaf = ROOT

    def add(self, entry: Entry) -> int | None:
        """Place of a new entry, or ``None`` for one that is no step of a path (a copy, a move of the leaf)."""
        native, kind, before = entry.id, entry.type, entry.parent_id
        places = self._places
        place = len(self._parents)
        if kind == "leaf":
            target = entry.target_id
            self._leaf = places.get(target, self._leaf) if isinstance(target, str) else ROOT
            return None
        parent = places.get(before) if isinstance(before, str) else None
        if native:
            at = entry.timestamp
            mark = (kind or None, (at or None) if isinstance(at, str) else None)
            known = self._marks.setdefault(native, mark)
            if known is not mark and not self._is_new(native, known, mark):
                return None
            places[native] = place
            if before is None:
                parent = ROOT
        self._parents.append(place - 1 if parent is None else parent)
        self._leaf = place
        return place

    def _is_new(self, native: str, known: _Mark | set[_Mark], mark: _Mark) -> bool:
        """Whether an entry that has the id of an earlier one is another one: told by its type and time."""
        marks = known if isinstance(known, set) else {known}
        if mark in marks:
            return False
        marks.add(mark)
        self._marks[native] = marks
        return True

    def parent(self, place: int) -> int:
        """The entry that ``place`` follows, or ``ROOT``."""
        return self._parents[place]

    def branches(self) -> list[list[int]]:
        """Every entry in exactly one branch: first the path to the newest leaf, then the abandoned ones, newest first.

        A branch is the places of its entries in order, from the fork on.
        """
        taken = bytearray(len(self._parents))
        found = [self._path(self._leaf, taken)]
        newest_first = range(len(self._parents) - 1, ROOT, -1)
        found.extend(self._path(place, taken) for place in newest_first if not taken[place])
        return found

    def _path(self, leaf: int, taken: bytearray) -> list[int]:
        path = []
        while leaf != ROOT and not taken[leaf]:
            taken[leaf] = 1
            path.append(leaf)
            leaf = self._parents[leaf]
        return path[::-1]
