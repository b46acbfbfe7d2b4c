"""What the sources can and cannot tell, format by format and source by source. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from soma.synthesizer.jobs.coverage import model as coverage
from soma.synthesizer.jobs.coverage.model import Cell

from .ground import Count

_PROFILES = 200


class Format(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One format: field to what its executions know of it, and of how many executions."""

    format: str
    sources: Count
    executions: Count
    cells: dict[str, Cell]
    known: Annotated[dict[str, Count], Meta(description="Field to how many executions know it.")]


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Sources of one format that know and do not know the same: how many, and the first three by path."""

    format: str
    sources: Count
    executions: Count
    cells: dict[str, Cell]
    examples: list[str]


class Coverage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The matrix of sources and fields.

    ``known`` in all executions, ``partly`` in some, ``missing`` in all though the format has a place for it, or
    ``cannot``: the format has none. Every source with executions belongs to one of ``profiles``.
    """

    fields: list[str]
    formats: list[Format]
    profiles: list[Profile]
    profiles_total: Count


class ProfileRow(msgspec.Struct, frozen=True):
    """Sources alike; fields in the order of the columns of ``profiles.sql``."""

    adapter: str
    cells: str
    sources: int
    executions: int
    examples: list[str]


def matrix_of(found: coverage.Coverage, profiles: Sequence[ProfileRow]) -> Coverage:
    """The matrix, the formats with most executions first."""
    formats = [
        Format(
            format=each.format,
            sources=each.sources,
            executions=each.executions,
            cells={field.field: field.cell for field in each.fields},
            known={field.field: field.known for field in each.fields},
        )
        for each in found.formats
    ]
    return Coverage(
        fields=list(found.fields),
        formats=sorted(formats, key=lambda each: (-each.executions, each.format)),
        profiles=[_profile(row) for row in profiles[:_PROFILES]],
        profiles_total=len(profiles),
    )


def _profile(row: ProfileRow) -> Profile:
    cells = dict(cell.split("=", 1) for cell in row.cells.split(",") if cell)
    return Profile(
        format=row.adapter,
        sources=row.sources,
        executions=row.executions,
        cells=msgspec.convert(cells, dict[str, Cell]),
        examples=row.examples,
    )
