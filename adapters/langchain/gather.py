"""Runs, gathered from records and merged by id.

One run may be told in several places: a ``post`` and the ``patch`` that completes it, a nested dump and a flat
export, two files that each hold a part of a trace. Every telling becomes a ``Run``; ``merged`` makes one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from soma.source import Damage, Record

from .absorb import absorb, settle
from .rows import Line
from .runs import Run, is_missing
from .straight import Straight
from .tellings import PATCH, ROW, Telling, tellings_of

_PLACE = frozenset({"run_id", "source_id", "offset", "length", "patched"})
_FACTS = tuple(name for name in Run.__struct_fields__ if name not in _PLACE)

_Copies: TypeAlias = dict[tuple[str, bool], Run]
"""A run as each source tells of it, and as an update does."""


def gather(records: Iterable[Record | Damage], runs: dict[str, Run]) -> Iterator[Damage]:
    """Reads all records into ``runs``, merged by id; what is no run comes out as damage.

    The result does not depend on the order of the sources.
    """
    told: dict[str, Run | _Copies] = {}
    straight = Straight()
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        line = record.value
        if type(line) is Line and line.id not in told and (run := straight.run_of(line, record)) is not None:
            told[line.id] = run
            continue
        strange = 0
        for telling in tellings_of(line):
            if telling is None:
                strange += 1
            else:
                _add(_copies(told, telling.run_id), telling, record)
        if strange:
            yield Damage(source_id=record.source.source_id, offset=record.offset, length=record.length,
                         reason=f"neither a run nor an ingest operation ({strange:,} in this record)")  # fmt: skip
    for run_id, copies in told.items():
        run = copies if isinstance(copies, Run) else merged(list(copies.values()))
        if run.run_type is None:
            yield Damage(source_id=run.source_id, offset=run.offset, length=run.length,
                         reason="an update of a run whose start (and type) is in none of the sources")  # fmt: skip
        else:
            runs[run_id] = run


def _copies(told: dict[str, Run | _Copies], run_id: str) -> _Copies:
    copies = told.setdefault(run_id, {})
    if isinstance(copies, Run):
        # Most runs are told once; this one was until now.
        copies = told[run_id] = {(copies.source_id, copies.patched): copies}
    return copies


def _add(copies: _Copies, telling: Telling, record: Record) -> None:
    patched = telling.operation == PATCH
    source_id = record.source.source_id
    run = copies.get((source_id, patched))
    if run is None:
        run = Run(
            run_id=telling.run_id, source_id=source_id, offset=record.offset, length=record.length, patched=patched
        )
        copies[source_id, patched] = run
    elif telling.operation == ROW:
        run.offset, run.length = record.offset, record.length
    elif record.offset == run.offset + run.length:
        # The parts of one operation follow each other: together they are its bytes.
        run.length += record.length
    absorb(run, telling)


def merged(copies: list[Run]) -> Run:
    """One run of its copies: the one that ended last leads, what it lacks is taken from the others."""
    if len(copies) > 1:
        copies.sort(key=lambda run: run.source_id)
        copies.sort(key=lambda run: (run.ended_at or -1, run.patched, _filled(run)), reverse=True)
    lead = copies[0]
    for other in copies[1:]:
        lead.metadata = other.metadata | lead.metadata
        for name in _FACTS:
            if is_missing(getattr(lead, name)) and not is_missing(getattr(other, name)):
                setattr(lead, name, getattr(other, name))
    settle(lead)
    return lead


def _filled(run: Run) -> int:
    return sum(not is_missing(getattr(run, name)) for name in _FACTS)
