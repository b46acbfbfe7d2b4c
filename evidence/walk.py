"""The walk from an id down to the bytes: what it is, what it rests on, and whether that still stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from soma.harvester.redact import Redactor
from soma.synthesizer.inputs import answer
from soma.vault import Snapshot

from .model import BROKEN_NUMBERS, BROKEN_RECORDS, Evidence, Record, SourceFound
from .originals import Row, found, shown
from .sources import Listed, Opened, open_source
from .subject import Subject, subject_of

LOOKED_AT = 500
"""Rows of one subject that are compared with their sources."""
TEXT_BYTES = 2048
_NO_ROW = "the vault shows no such row any more"


def walk(snapshot: Snapshot, identity: str, *, key: bytes, redactor: Redactor, limit: int = 5) -> Evidence:
    """Everything below ``identity``.

    Sources are only read: whole, to compare them with what was read, and at the places that were written down.

    Args:
        snapshot: The vault to answer from.
        identity: Id of a policy, an insight, a divergence, an execution or a decision.
        key: The vault's key.
        redactor: Takes secrets out of whatever is shown.
        limit: Records whose text is shown.

    Raises:
        NothingFound: if the vault holds nothing of that id.
    """
    subject = subject_of(snapshot, identity)
    rows, lost = _rows(snapshot, subject)
    wanted = sorted({row.source_id for row in rows})
    ledger = {row.source_id: row for row in answer(snapshot, Listed, __package__, "ledger", (wanted,))}
    opened = {source_id: open_source(source_id, ledger) for source_id in wanted}
    records = [
        _record(row, opened[row.source_id], key, redactor if number < limit else None)
        for number, row in enumerate(rows[:LOOKED_AT])
    ]
    records += [
        Record(record_id=each, kind="row", says=_NO_ROW, source_id="", offset=0, length=0, state="gone")
        for each in lost
    ]  # fmt: skip
    again = subject.again()
    broken = any(record.state in BROKEN_RECORDS for record in records) or again.outcome in BROKEN_NUMBERS
    return Evidence(
        evidence_id=subject.identity,
        kind=subject.kind,
        steps=subject.steps,
        again=again,
        records=(*records[:limit], *_bad(records[limit:])),
        looked_at=len(records),
        total=len(rows) + len(lost),
        states=dict(sorted(Counter(record.state for record in records).items())),
        sources=tuple(_source(opened[source_id], redactor) for source_id in wanted),
        broken=broken,
    )


def _bad(records: Sequence[Record]) -> list[Record]:
    """Beyond those asked for, the first that are not what was read: whoever asks must not have to look for them."""
    return [record for record in records if record.state in BROKEN_RECORDS][:3]


def _rows(snapshot: Snapshot, subject: Subject) -> tuple[list[Row], list[str]]:
    """The rows the subject rests on, in its order, and the ids of which the vault shows none."""
    ids = list(subject.evidence)
    held = {row.record_id: row for row in answer(snapshot, Row, __package__, "records", (ids, ids))}
    told = {row.record_id: row for row in subject.told}
    rows = [*told.values(), *(held[each] for each in ids if each in held)]
    return rows, [each for each in ids if each not in held]


def _record(row: Row, opened: Opened, key: bytes, redactor: Redactor | None) -> Record:
    state, there = found(row, opened, key)
    record = Record(
        record_id=row.record_id, kind=row.kind, says=f"{row.action} · {row.outcome}", source_id=row.source_id,
        offset=row.source_offset, length=row.source_length, state=state,
    )  # fmt: skip
    if redactor is None or there is None:
        return record
    text, cut, rewritten = shown(there, redactor, TEXT_BYTES)
    return msgspec.structs.replace(record, text=text, cut=cut, rewritten=rewritten)


def _source(opened: Opened, redactor: Redactor) -> SourceFound:
    return msgspec.structs.replace(opened.found, path=redactor.path(opened.found.path))
