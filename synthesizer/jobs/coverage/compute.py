"""From counts per field to the matrix. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from .model import Cell, Coverage, FieldCoverage, FormatCoverage, KnowsRow, SourceRow

_QUIET = frozenset({"companion", "copy"})


def coverage_of(knows: Sequence[KnowsRow], sources: Sequence[SourceRow]) -> Coverage:
    """The matrix; ``knows`` ordered by adapter and field, ``sources`` by path."""
    of_adapter = Counter(source.adapter for source in sources if source.adapter and source.status not in _QUIET)
    formats = []
    for adapter, rows in groupby(knows, key=lambda row: row.adapter):
        fields = tuple(_field(row) for row in rows)
        executions = max((field.executions for field in fields), default=0)
        formats.append(FormatCoverage(adapter, of_adapter[adapter], executions, fields))
    return Coverage(
        formats=tuple(formats),
        fields=tuple(sorted({row.field for row in knows})),
        states=dict(sorted(Counter(source.status for source in sources).items())),
        silent=tuple(s for s in sources if s.status in {"empty", "unrecognised", "failed"} or s.quarantined),
        sources=tuple(sources),
    )


def _field(row: KnowsRow) -> FieldCoverage:
    executions = row.known + row.missing + row.cannot
    cell: Cell = "cannot" if row.cannot == executions else "missing" if not row.known else "partly"
    return FieldCoverage(row.field, "known" if row.known == executions else cell, row.known, executions)
