"""Rows as tables, and how many of them there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from soma.schema import DECISIONS, EXECUTIONS, INSIGHTS

if TYPE_CHECKING:
    import pyarrow as pa


class Extent(NamedTuple):
    """How many rows there are of each kind."""

    executions: int
    decisions: int
    insights: int


START = Extent(0, 0, 0)


class Tables(NamedTuple):
    """Rows as Arrow tables."""

    executions: pa.Table
    decisions: pa.Table
    insights: pa.Table

    @classmethod
    def joined(cls, parts: Sequence[Tables]) -> Tables:
        """The rows of all parts."""
        import pyarrow as pa

        kinds = (EXECUTIONS, DECISIONS, INSIGHTS)
        return cls(*(pa.concat_tables([kind.arrow().empty_table(), *(part[i] for part in parts)])
                     for i, kind in enumerate(kinds)))  # fmt: skip
