"""All expressions in one pass over many texts joined, by Hyperscan, which keeps what it compiled: ``soma[fast]``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from .look import Look

_MOST_BYTES = 1 << 30
"""Hyperscan counts bytes in 32 bits: nothing that holds more is given to it."""
_BYTES_OF_A_HIT = 512
"""Being told of a hit costs about as much as looking through so many bytes."""
_MANY_HITS = 16
_MORE_AT_THE_END = re.compile(r"\{([1-9]\d*),\}\Z")


class Scanner:
    """Looks for expressions in texts.

    Args:
        expressions: Each with what a text where it matches has to be looked at for; in RE2's syntax and without
            assertions, so that what is found does not depend on what stands around it.
    """

    def __init__(self, expressions: Sequence[tuple[Look, str]]) -> None:
        import hyperscan

        self._meant = [look for look, _ in expressions]
        self._terminated = hyperscan.ScanTerminated
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            # Each further character of a repetition at the end would be one more hit.
            expressions=[_MORE_AT_THE_END.sub(r"{\1}", pattern).encode() for _, pattern in expressions],
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=hyperscan.HS_FLAG_UTF8,
        )
        self._database.scratch = hyperscan.Scratch(self._database)
        # The scratch space is for one scan at a time, and other threads run meanwhile.
        self._lock = Lock()

    def looks(self, column: Any) -> list[Look]:
        """How closely each text has to be looked at; one where there is much to be found, or much text, for all.

        Args:
            column: Arrow array of large strings, not sliced and without nulls.
        """
        _, offsets, buffer = column.buffers()
        if not buffer:
            return [Look.NONE] * len(column)
        starts, data = memoryview(offsets).cast("q"), memoryview(buffer)
        if starts[len(column)] <= _MOST_BYTES and (found := self._joined(starts, data, len(column))) is not None:
            return found
        return [self._alone(data[starts[place] : starts[place + 1]]) for place in range(len(column))]

    def _joined(self, starts: Any, data: memoryview, count: int) -> list[Look] | None:
        """All texts in one pass, ``None`` when that gives too many hits.

        What matches across texts is taken for a hit in the last of them. Hits come in any order, so none of them may
        end the pass but the one that is too much.
        """
        found, meant = [Look.NONE] * count, self._meant
        left = count + len(data) // _BYTES_OF_A_HIT

        def hit(which: int, _start: int, end: int, *_: object) -> bool:
            nonlocal left
            left -= 1
            found[bisect_right(starts, end - 1, 0, count) - 1] |= meant[which]
            return left < 0

        self._scan(data[: starts[count]], hit)
        return None if left < 0 else found

    def _alone(self, text: memoryview) -> Look:
        found, left = Look.NONE, _MANY_HITS
        if len(text) > _MOST_BYTES:
            return Look.ALL

        def hit(which: int, *_: object) -> bool:
            nonlocal found, left
            left -= 1
            found = Look.ALL if left < 0 else found | self._meant[which]
            return left < 0

        self._scan(text, hit)
        return found

    def _scan(self, data: memoryview, hit: Callable[..., bool]) -> None:
        if len(data):
            # Its stubs say bytes; it takes any buffer.
            scan: Any = self._database.scan
            with self._lock, suppress(self._terminated):
                scan(data, match_event_handler=hit)


def compiled(expressions: Sequence[tuple[Look, str]]) -> Scanner | None:
    """A ``Scanner`` of them, ``None`` where Hyperscan is not installed or not made for this processor."""
    try:
        import hyperscan
    except ImportError:
        return None
    try:
        return Scanner(expressions)
    except hyperscan.error:
        return None
