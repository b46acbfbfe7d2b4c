"""Which runs belong together, told from their ids alone: for exports that are read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from soma.adapters.blocks.apart import Apart
from soma.adapters.blocks.document import starts_with_a_whole_line

from .order import STAMP
from .rows import Row
from .tellings import tellings_of


class _Tied(msgspec.Struct, gc=False):
    """A run by its ids. One with child runs in it does not fit."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    run_type: str
    trace_id: str | None = None
    parent_run_id: str | None = None
    dotted_order: str | None = None
    child_runs: Annotated[list[Any], msgspec.Meta(max_length=0)] | None = None


def ties(value: Any) -> Iterator[list[str]]:
    """All ids of all runs of a line together: an update is damage until the start of its run is known."""
    if isinstance(value, _Tied):
        yield _ids(value.id, value)
        return
    found = [
        [*_ids(telling.run_id, telling.row), telling.parent_id or telling.run_id]
        for telling in tellings_of(value)
        if telling is not None
    ]
    if found:
        yield [one for ids in found for one in ids]


def _ids(run_id: str, row: _Tied | Row) -> list[str]:
    ids = [run_id]
    if row.trace_id:
        ids.append(row.trace_id)
    elif row.dotted_order:
        ids.append(row.dotted_order.partition(".")[0][STAMP:])
    if row.parent_run_id:
        ids.append(row.parent_run_id)
    return ids


APART = Apart(ties, lambda source, _: starts_with_a_whole_line(source), msgspec.json.Decoder(_Tied))
