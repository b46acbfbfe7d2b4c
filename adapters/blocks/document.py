"""Files that are one JSON value, read whole within a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from soma import codec
from soma.source import Damage, Limits, Reading, Record, Source

from .jsonl import read_lines, starts_with_an_object_line

_LARGEST = 1e300


def read_document(source: Source, limits: Limits) -> Reading:
    """The source as one record holding its one JSON value (object or array).

    Yields:
        One record; or ``Damage`` when the file is too large, torn or no JSON.
    """
    if source.size > limits.document_bytes:
        yield Damage(source_id=source.source_id, offset=0, length=source.size,
                     reason=f"one JSON value of more than {limits.document_bytes:,} bytes")  # fmt: skip
        return
    if source.document is not None:
        value, source.document = source.document, None
        yield Record(source, 0, source.size, value)
        return
    with source.open() as stream:
        data = stream.read(source.size)
    try:
        value = codec.decode(data)
    except codec.Undecodable as problem:
        yield Damage(source_id=source.source_id, offset=0, length=len(data), reason=f"no JSON: {problem}")
        return
    record = Record(source, 0, len(data), value)
    # Whoever maps the record may let go of its parts one by one: nothing here may hold them.
    del data, value
    yield record


def places_of(items: Iterable[msgspec.Raw], data: bytes, position: int = 0) -> list[tuple[int, int]]:
    """Where the items of a document stand in it, from ``position`` on: first byte and length of each."""
    places: list[tuple[int, int]] = []
    for raw in items:
        item = bytes(raw)
        start = data.find(item, position)
        # A key that is written twice moves its value behind later ones: look again from the start.
        offset = start if start >= 0 else data.find(item)
        position = offset + len(item)
        places.append((offset, len(item)))
    return places


def texts_at(source: Source, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """What stands at these places of the source, one after the other, so that a document need not be held."""
    with source.open() as stream:
        for offset, length in places:
            stream.seek(offset)
            yield offset, stream.read(length)


def read_values(source: Source, limits: Limits) -> Reading:
    """The source as records whether it is JSON Lines or one document.

    A file whose first line is a complete JSON object is read line by line, anything else as one document.
    """
    if starts_with_a_whole_line(source):
        yield from read_lines(source, limits)
    else:
        yield from read_document(source, limits)


def starts_with_a_whole_line(source: Source) -> bool:
    """Whether the first non-empty line is a complete JSON object and is not the whole file."""
    from .head import HEAD_BYTES, begins_with_a_line

    with source.open() as stream:
        data = stream.read(min(HEAD_BYTES, source.size))
        if b"\n" in data or len(data) >= source.size:
            return begins_with_a_line(data)
    # The first line is longer than a head: JSON Lines if a line ends before the file does.
    return starts_with_an_object_line(source)


def as_object(value: Any) -> dict[str, Any]:
    """``value`` if it is an object, else an empty one: for optional nested fields of hostile records."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """``value`` if it is a non-empty string, else ``None``."""
    return value if isinstance(value, str) and value else None


def as_count(value: Any) -> int | None:
    """A non-negative whole number (also written as float or digits), else ``None``."""
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value < 1 << 62 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def as_number(value: Any) -> float | None:
    """A finite number, else ``None``."""
    # Asked for the very types, which is how decoders give numbers, and a boolean is none.
    if type(value) is not float and type(value) is not int:
        return None
    return float(value) if -_LARGEST < value < _LARGEST else None
