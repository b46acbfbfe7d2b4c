"""JSON Lines, streaming: blocks in, records with byte positions out, memory bounded by the longest line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from soma import codec
from soma.source import MIB, Damage, Limits, Reading, Record, Source

from .long_lines import LONG_LINE, Shortener

_BLOCK = MIB
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_OPENS, _CLOSES = b"{}"


def read_lines(source: Source, limits: Limits, decoder: msgspec.json.Decoder[Any] | None = None) -> Reading:
    """Every line of the source that holds a JSON object, as a ``Record``.

    Args:
        source: What to read. ``source.bytes_read`` is set to the start of the last line when that line is torn: it has
            no line end and is no complete JSON value, so it is left for the next harvest.
        limits: ``record_bytes`` is the longest line that is decoded.
        decoder: A typed decoder of lines; what it refuses is decoded again as plain values. It is given many lines at
            once first, then each by itself.

    Yields:
        A record per object; ``Damage`` for a line that is no JSON, no object, too long, or so full of values that
        decoding it would take too much memory. Huge texts in lines beyond ``LONG_LINE`` are cut (see ``long_lines``).
    """
    for offset, size, data, closed in _pieces(source, limits.record_bytes, decoder is not None):
        if closed is not None or decoder is None or data is None:
            item = _item(source, limits, decoder, offset, size, data, bool(closed))
            if item is not None:
                yield item
            continue
        sizes, objects = _sizes(data)
        values = _decoded_at_once(data, decoder) if objects else []
        if len(values) == len(sizes):
            for size, value in zip(sizes, values, strict=True):
                yield Record(source, offset, size, value)
                offset += size
            continue
        start = 0
        for size in sizes:
            item = _item(source, limits, decoder, offset + start, size, data[start : start + size], True)
            start += size
            if item is not None:
                yield item


def _sizes(data: bytes) -> tuple[list[int], bool]:
    """How long each line is, and whether each begins with ``{`` and ends with ``}``.

    A decoder of lines does not look where they end. But if all are so, none goes on in the next one: what follows there
    could only be a comma or a bracket that closes. With as many values as lines each line then is one value.
    """
    sizes = []
    objects = True
    start = 0
    find = data.find
    while (end := find(b"\n", start)) >= 0:
        objects = objects and data[start] == _OPENS and data[end - 1] == _CLOSES
        sizes.append(end + 1 - start)
        start = end + 1
    return sizes, objects


def _decoded_at_once(data: bytes, decoder: msgspec.json.Decoder[Any]) -> list[Any]:
    try:
        return decoder.decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _item(
    source: Source, limits: Limits, decoder: msgspec.json.Decoder[Any] | None,
    offset: int, size: int, line: bytes | None, closed: bool,
) -> Record | Damage | None:  # fmt: skip
    """What a line is; ``None`` for an empty one, and for one that is torn."""
    if line is None:
        long = size > limits.record_bytes
        reason = f"line is longer than {limits.record_bytes:,} bytes" if long else "line holds too many values"
        return Damage(source_id=source.source_id, offset=offset, length=size, reason=reason)
    text = line.strip(_SPACE)
    if offset == 0:
        text = text.removeprefix(_BOM)
    if not text:
        return None
    try:
        value = decoded(text, decoder)
    except codec.Undecodable as problem:
        if not closed:
            source.bytes_read = offset
            return None
        return Damage(source_id=source.source_id, offset=offset, length=size, reason=f"no JSON: {problem}")
    if isinstance(value, dict | msgspec.Struct):
        return Record(source, offset, size, value)
    return Damage(source_id=source.source_id, offset=offset, length=size,
                  reason=f"a JSON {_kind(value)} where a record (an object) was expected")  # fmt: skip


def decoded(text: bytes, decoder: msgspec.json.Decoder[Any] | None) -> Any:
    """A value by a typed decoder, or a plain one where that refuses it.

    Raises:
        Undecodable: if it is no JSON.
    """
    if decoder is not None:
        try:
            return decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return codec.decode(text)
    return codec.decode(text)


def _kind(value: object) -> str:
    return {str: "string", list: "list", bool: "boolean", type(None): "null"}.get(type(value), "number")


def split_lines(source: Source, longest: int) -> Iterator[tuple[int, int, bytes | None, bool]]:
    """Lines of a source as (offset, length, bytes, closed by a line end).

    The bytes are ``None`` for a line over ``longest``, and for one over ``LONG_LINE`` of too many values; of others
    over ``LONG_LINE`` huge texts are cut and white space at the end is gone. Only the first ``source.size`` bytes are
    read, so that a file that grows meanwhile yields one consistent reading.
    """
    for offset, size, data, closed in _pieces(source, longest, False):
        yield offset, size, data, bool(closed)


def _pieces(source: Source, longest: int, many: bool) -> Iterator[tuple[int, int, bytes | None, bool | None]]:
    """What ``split_lines`` gives; with ``many``, whole lines that lie in one block together, closed being ``None``."""
    many = many and longest >= _BLOCK
    with source.open() as stream:
        for first, end in [(0, source.size)] if source.extents is None else source.extents:
            if first:
                stream.seek(first)
            yield from _pieces_of(stream, first, end - first, longest, many)


def _pieces_of(
    stream: BinaryIO, offset: int, left: int, longest: int, many: bool
) -> Iterator[tuple[int, int, bytes | None, bool | None]]:
    """The pieces of ``left`` bytes from the line on that begins at ``offset``, where the stream stands."""
    line = _Line(longest)
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        left -= len(block)
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            if many and not line.size:
                end = block.rfind(b"\n")
                yield offset, end + 1 - start, block[start : end + 1], None
                offset += end + 1 - start
            else:
                line.add(block[start : end + 1])
                yield offset, line.size, line.take(), True
                offset += line.size
                line = _Line(longest)
            start = end + 1
        if start < len(block):
            line.add(block[start:])
    if line.size:
        yield offset, line.size, line.take(), False


class _Line:
    """A line in the making: pieces while it is short, what a ``Shortener`` keeps when it is long."""

    __slots__ = ("_longest", "_pieces", "_shortener", "size")

    def __init__(self, longest: int) -> None:
        self.size = 0
        self._longest = longest
        self._pieces: list[bytes] = []
        self._shortener: Shortener | None = None

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._longest:
            self._pieces, self._shortener = [], None
        elif self._shortener is not None:
            self._shortener.feed(piece)
        else:
            self._pieces.append(piece)
            if self.size > LONG_LINE:
                self._shortener = Shortener()
                for before in self._pieces:
                    self._shortener.feed(before)
                self._pieces = []

    def take(self) -> bytes | None:
        if self.size > self._longest:
            return None
        return self._shortener.line() if self._shortener is not None else b"".join(self._pieces)


def starts_with_an_object_line(source: Source) -> bool:
    """Whether the first line that is not empty begins and ends like an object and has a line end, however long it is.

    Whatever its length, no more than a block of it is held.
    """
    first = last = b""
    with source.open() as stream:
        left = source.size
        while left > 0 and (block := stream.read(min(_BLOCK, left))):
            left -= len(block)
            start = 0
            while start < len(block):
                end = block.find(b"\n", start)
                piece = block[start : end if end >= 0 else len(block)].strip(_SPACE + _BOM)
                if piece:
                    first, last = first or piece[:1], piece[-1:]
                if end >= 0 and first:
                    return first == b"{" and last == b"}"
                start = end + 1 if end >= 0 else len(block)
    return False
