"""JSON Lines, streaming: blocks in, records with byte positions out, memory bounded by the longest line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from soma import codec
from soma.source import MIB, Damage, Limits, Reading, Record, Source

_BLOCK = MIB
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def read_lines(source: Source, limits: Limits, decode: Callable[[bytes], Any] | None = None) -> Reading:
    """Every line of the source that holds a JSON object, as a ``Record``.

    Args:
        source: What to read. ``source.bytes_read`` is set to the start of the last line when that line is torn: it has
            no line end and is no complete JSON value, so it is left for the next harvest.
        limits: ``record_bytes`` is the longest line that is decoded.
        decode: A typed decoder for one line; what it refuses is decoded again as plain values.

    Yields:
        A record per object; ``Damage`` for a line that is no JSON, no object, or too long.
    """
    for offset, line, closed in split_lines(source, limits.record_bytes):
        if line is None:
            yield Damage(source_id=source.source_id, offset=offset, length=limits.record_bytes,
                         reason=f"line is longer than {limits.record_bytes:,} bytes")  # fmt: skip
            continue
        text = line.strip(_SPACE)
        if offset == 0:
            text = text.removeprefix(_BOM)
        if not text:
            continue
        try:
            value = _decoded(text, decode)
        except codec.Undecodable as problem:
            if not closed:
                source.bytes_read = offset
                return
            yield Damage(source_id=source.source_id, offset=offset, length=len(line), reason=f"no JSON: {problem}")
            continue
        if isinstance(value, dict | msgspec.Struct):
            yield Record(source, offset, len(line), value)
        else:
            yield Damage(source_id=source.source_id, offset=offset, length=len(line),
                         reason=f"a JSON {_kind(value)} where a record (an object) was expected")  # fmt: skip


def _decoded(text: bytes, decode: Callable[[bytes], Any] | None) -> Any:
    if decode is not None:
        try:
            return decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return codec.decode(text)
    return codec.decode(text)


def _kind(value: object) -> str:
    return {str: "string", list: "list", bool: "boolean", type(None): "null"}.get(type(value), "number")


def split_lines(source: Source, longest: int) -> Iterator[tuple[int, bytes | None, bool]]:
    """Lines of a source as (offset, bytes, closed by a line end); the bytes are ``None`` for a line over ``longest``.

    Only the first ``source.size`` bytes are read, so that a file that grows meanwhile yields one consistent reading.
    """
    with source.open() as stream:
        left = source.size
        offset = 0
        pending: list[bytes] = []
        pending_size = 0
        while left > 0 and (block := stream.read(min(_BLOCK, left))):
            left -= len(block)
            start = 0
            while (end := block.find(b"\n", start)) >= 0:
                piece = block[start : end + 1]
                size = pending_size + len(piece)
                yield offset, (b"".join((*pending, piece)) if size <= longest else None), True
                offset += size
                pending, pending_size = [], 0
                start = end + 1
            if start < len(block):
                pending_size += len(block) - start
                if pending_size <= longest:
                    pending.append(block[start:])
                else:
                    pending = []
        if pending_size:
            yield offset, (b"".join(pending) if pending_size <= longest else None), False
