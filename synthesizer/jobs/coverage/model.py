"""What the job ``coverage`` reads and answers."""

from __future__ import annotations

from typing import Literal

import msgspec

Cell = Literal["known", "partly", "missing", "cannot"]


class KnowsRow(msgspec.Struct, frozen=True):
    """One field of one adapter; fields in the order of the columns of ``knows.sql``."""

    adapter: str
    field: str
    known: int
    missing: int
    cannot: int


class SourceRow(msgspec.Struct, frozen=True, rename="camel"):
    """One source of the ledger; fields in the order of the columns of ``sources.sql``."""

    source_id: str
    path: str
    adapter: str | None
    status: str
    reason: str | None
    size: int
    executions: int
    decisions: int
    quarantined: int
    redacted: int


class FieldCoverage(msgspec.Struct, frozen=True, rename="camel"):
    """How much of a field an adapter's executions know.

    Attributes:
        cell: ``known`` in all, ``partly`` in some, ``missing`` in all though the format has it, or ``cannot``.
        known, executions: In how many, of how many.
    """

    field: str
    cell: Cell
    known: int
    executions: int


class FormatCoverage(msgspec.Struct, frozen=True, rename="camel"):
    """One row of the matrix."""

    format: str
    sources: int
    executions: int
    fields: tuple[FieldCoverage, ...]


class Coverage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The matrix, the sources by state, and those that yield nothing or not all they should.

    Attributes:
        states: State to how many sources are in it.
        silent: Sources that exist and yield no run, or lost records.
    """

    schema: str = "soma.sources"
    schema_version: int = 1
    formats: tuple[FormatCoverage, ...]
    fields: tuple[str, ...]
    states: dict[str, int]
    silent: tuple[SourceRow, ...]
    sources: tuple[SourceRow, ...]
