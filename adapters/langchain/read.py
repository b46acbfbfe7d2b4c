"""Reads run exports: JSON Lines line by line, a JSON array (or an object of runs) item by item."""

from __future__ import annotations

import msgspec

from soma import codec
from soma.adapters.blocks.document import places_of, read_document, starts_with_a_whole_line, texts_at
from soma.adapters.blocks.jsonl import decoded, read_lines
from soma.source import Damage, Limits, Reading, Record, Source

from .rows import DECODER

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# An object with one of these is itself a run, a part or a batch, not a container of runs.
_OWN_MARKS = ("run_type", "dotted_order", "part", "post", "patch", "trace_id")


def read(source: Source, limits: Limits) -> Reading:
    """Every run, part or batch of the source as a record with its bytes.

    Yields:
        Records whose values are not yet checked; ``Damage`` for what is no JSON or breaks a limit.
    """
    if starts_with_a_whole_line(source):
        yield from read_lines(source, limits, DECODER)
        return
    places = _places(source, limits)
    if places is None:
        yield from read_document(source, limits)
        return
    for offset, item in texts_at(source, places):
        if len(item) > limits.record_bytes:
            yield Damage(source_id=source.source_id, offset=offset, length=len(item),
                         reason=f"a run of more than {limits.record_bytes:,} bytes")  # fmt: skip
            continue
        try:
            yield Record(source, offset, len(item), decoded(item, DECODER))
        except codec.Undecodable as problem:
            yield Damage(source_id=source.source_id, offset=offset, length=len(item), reason=f"no JSON: {problem}")


def _places(source: Source, limits: Limits) -> list[tuple[int, int]] | None:
    """Where the runs of a document stand; ``None`` when the document is one record, no strict JSON or too large."""
    if source.size > limits.document_bytes:
        return None
    with source.open() as stream:
        data = stream.read(source.size)
    items = _items(data) if data else None
    return None if items is None else places_of(items, data)


def _items(data: bytes) -> list[msgspec.Raw] | None:
    """The texts of the runs in a document, still in it; ``None`` when the document is one record or no strict JSON."""
    try:
        if data.lstrip()[:1] == b"[":
            return _ITEMS.decode(data)
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        if "runs" in fields and not any(mark in fields for mark in _OWN_MARKS):
            return _ITEMS.decode(fields["runs"])
        if any(mark in fields for mark in _OWN_MARKS):
            return None
        return [value for value in fields.values() if bytes(memoryview(value)[:1]) == b"{"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
