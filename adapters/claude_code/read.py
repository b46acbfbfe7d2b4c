"""Reading a session: one line after the other, or the lines inside an export document."""

from __future__ import annotations

from soma.adapters.blocks.document import as_list, as_object, read_document
from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.blocks.jsonl import read_lines
from soma.source import Damage, Limits, Reading, Record, Source

from .lines import DECODER


def read(source: Source, limits: Limits) -> Reading:
    """Every line of the session as a ``Record`` holding a ``Line`` or, where types surprised, a plain object.

    The lines of an export all point at the one document they stand in.
    """
    if not _is_export(source):
        yield from read_lines(source, limits, DECODER)
        return
    for record in read_document(source, limits):
        if isinstance(record, Damage):
            yield record
            continue
        for line in as_list(as_object(record.value).get("loglines")):
            if isinstance(line, dict):
                yield Record(source, record.offset, record.length, line)
            else:
                yield Damage(source_id=source.source_id, offset=record.offset, length=record.length,
                             reason="an item of loglines that is no object")  # fmt: skip


def _is_export(source: Source) -> bool:
    with source.open() as stream:
        data = stream.read(min(HEAD_BYTES, source.size))
    if b'"loglines"' not in data:
        return False
    document = Head(source.name, source.size, data).document
    return isinstance(document, dict) and "loglines" in document
