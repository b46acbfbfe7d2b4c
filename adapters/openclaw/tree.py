"""The entries of a transcript form a tree; what happened is the path to its newest leaf, the rest was abandoned."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_text

ROOT = -1


class Tree:
    """Positions of entries and who follows whom, built while the entries stream by.

    Entries without ids (v1, and broken lines between good ones) follow the entry before them.
    """

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._places: dict[str, int] = {}
        self._seen: set[tuple[str, str | None, str | None]] = set()
        self._leaf = ROOT

    def add(self, entry: dict[str, Any]) -> int | None:
        """Place of a new entry, or ``None`` for one that is no step of a path (a copy, a move of the leaf)."""
        native = as_text(entry.get("id"))
        if entry.get("type") == "leaf":
            target = entry.get("targetId")
            self._leaf = self._places.get(target, self._leaf) if isinstance(target, str) else ROOT
            return None
        if native is not None:
            twin = (native, as_text(entry.get("type")), as_text(entry.get("timestamp")))
            if twin in self._seen:
                return None
            self._seen.add(twin)
        place = len(self._parents)
        self._parents.append(self._parent(entry, native, place))
        if native is not None:
            self._places[native] = place
        self._leaf = place
        return place

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

    def _parent(self, entry: dict[str, Any], native: str | None, place: int) -> int:
        before = entry.get("parentId")
        if isinstance(before, str) and before in self._places:
            return self._places[before]
        if native is not None and before is None and "parentId" in entry:
            return ROOT
        return place - 1
