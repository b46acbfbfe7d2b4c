"""Reading a mapped source: lines as they come, a document record by record."""

from __future__ import annotations

from soma.adapters.blocks.document import read_document, starts_with_a_whole_line
from soma.adapters.blocks.jsonl import read_lines
from soma.source import Damage, Limits, Reading, Record, Source

from .mapping import Mapping
from .sniff import records_of


def read(mapping: Mapping, source: Source, limits: Limits) -> Reading:
    """Every record of the source. Records of a document all stand at the document's own bytes."""
    if starts_with_a_whole_line(source):
        yield from read_lines(source, limits)
        return
    for record in read_document(source, limits):
        if isinstance(record, Damage):
            yield record
            continue
        for value in records_of(mapping, record.value):
            yield Record(source, record.offset, record.length, value)
