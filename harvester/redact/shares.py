"""Whose the values of a column are: many owners have their values in one column, one behind the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Shares(NamedTuple):
    """Owners of a column's values.

    Attributes:
        owners: Who they are, in the order of their values.
        starts: Place of the first value of each; one whose place is also the next one's has none.
    """

    owners: Sequence[str]
    starts: Sequence[int]

    def owner(self, place: int) -> str:
        """Whose the value at ``place`` is."""
        return self.owners[bisect_right(self.starts, place) - 1]

    def spans(self, end: int) -> Iterator[tuple[int, int]]:
        """From where to where each owner's values are, in a column of ``end`` values."""
        return zip(self.starts, [*self.starts[1:], end], strict=True)
