"""Reads a file that is one value, an array of values, or one value a line."""

from __future__ import annotations

import msgspec

from soma import codec
from soma.adapters.blocks.document import read_document
from soma.adapters.blocks.jsonl import read_lines, split_lines
from soma.source import Damage, Limits, Reading, Record, Source

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_BOM = b"\xef\xbb\xbf"


def read(source: Source, limits: Limits) -> Reading:
    """Every graph or event of the source, with the bytes it stands in.

    Yields:
        A record per value; ``Damage`` for what is too large, torn or no JSON.
    """
    if _is_one_line(source):
        yield from read_document(source, limits)
        return
    first, rest = _first_line(source, limits)
    if first.startswith(b"["):
        yield from _read_items(source, limits)
    elif rest > 0 and _is_object(first):
        yield from read_lines(source, limits)
    else:
        yield from read_document(source, limits)


def _is_one_line(source: Source) -> bool:
    """Whether the source is known to be one object on one line, as the library writes it."""
    if source.data is None or not isinstance(source.document, dict):
        return False
    return source.data.find(b"\n") in (-1, source.size - 1)


def _first_line(source: Source, limits: Limits) -> tuple[bytes, int]:
    """The first line that is not empty, and how many bytes follow it; a file of one line is one document."""
    for offset, size, line, _ in split_lines(source, limits.record_bytes):
        if line is None:
            break
        text = line.removeprefix(_BOM).strip()
        if text:
            return text, source.size - offset - size
    return b"", 0


def _is_object(line: bytes) -> bool:
    if not line.endswith(b"}"):
        return False
    try:
        return isinstance(codec.decode(line), dict)
    except codec.Undecodable:
        return False


def _read_items(source: Source, limits: Limits) -> Reading:
    if source.size > limits.document_bytes:
        yield from read_document(source, limits)
        return
    with source.open() as stream:
        data = stream.read(source.size)
    try:
        items = _ITEMS.decode(data.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _read_loosely(source, limits)
        return
    end = 0
    for raw in items:
        item = bytes(raw)
        # Only commas and space lie between items, so the next occurrence is the item itself.
        start = data.index(item, end)
        end = start + len(item)
        try:
            yield Record(source, start, len(item), codec.decode(item))
        except codec.Undecodable as problem:
            yield Damage(source_id=source.source_id, offset=start, length=len(item), reason=f"no JSON: {problem}")


def _read_loosely(source: Source, limits: Limits) -> Reading:
    """The items of an array that only the lenient decoder reads: where each of them stands is then not known."""
    for record in read_document(source, limits):
        if isinstance(record, Record) and isinstance(record.value, list):
            for value in record.value:
                yield Record(source, record.offset, record.length, value)
        else:
            yield record
