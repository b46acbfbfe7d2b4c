"""From lines to executions: source by source, since every file tells by itself which thread each of its lines is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.adapters.contract import Yield
from soma.source import Damage, Record

from .rollout import Rollout
from .stream import EVENTS, Stream


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """The executions in the records of one file, or of files that share a claim; each is yielded when its file ends.

    Several files may yield the same execution: copies, a stream beside its rollout, a child that replays its parent.
    """
    source_id = ""
    rollout, stream = Rollout(), Stream()
    for record in records:
        if isinstance(record, Damage):
            yield record
            continue
        if record.source.source_id != source_id:
            yield from rollout.finished()
            yield from stream.finished()
            source_id = record.source.source_id
            rollout, stream = Rollout(), Stream()
        kind = record.value.get("type")
        streamed = isinstance(kind, str) and kind in EVENTS
        damage = stream.take(record, kind) if streamed else rollout.take(record, kind)
        if damage is not None:
            yield damage
    yield from rollout.finished()
    yield from stream.finished()
