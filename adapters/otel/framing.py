"""Protobuf without a schema: how OTLP messages follow one another in a file, seen from the bytes alone.

Three arrangements occur: messages framed by a varint length, messages framed by a four-byte big-endian length (the
collector's file exporter), and one bare ``TracesData``, which is itself a row of length-prefixed ``ResourceSpans``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Literal

Framing = Literal["varint", "uint32", "bare"]

RESOURCE_SPANS_TAG = 0x0A
_INNER_TAGS = frozenset(b"\x0a\x12\x1a")  # resource, scope_spans, schema_url
# A span starts with its trace id (16 bytes) and its span id (8 bytes): text, logs and metrics never look so.
_SPAN = re.compile(rb"\x0a\x10.{16}\x12\x08", re.DOTALL)
_VARINT_BYTES = 5


class FramingError(ValueError):
    """The bytes do not continue as the framing demands."""


def framing_of(data: bytes, complete: bool) -> Framing | None:
    """The arrangement of a file that starts with ``data``, or ``None`` if it holds no OTLP traces.

    Args:
        data: The first bytes.
        complete: Whether they are the whole file.
    """
    if not _SPAN.search(data):
        return None
    if _is_row_of_resources(data, complete):
        return "bare"
    for framing in ("uint32", "varint"):
        if _is_framed(data, framing, complete):
            return framing
    return None


def varint(data: bytes, position: int) -> tuple[int, int] | None:
    """The number at ``position`` and where it ends; ``None`` when the bytes end first or it is no length."""
    number = 0
    for index in range(_VARINT_BYTES):
        if position + index >= len(data):
            return None
        byte = data[position + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, position + index + 1
    return None


def _is_row_of_resources(data: bytes, complete: bool) -> bool:
    """Whether the bytes are one ``ResourceSpans`` after the other; the last may be torn unless it is the only one."""
    position, seen = 0, 0
    while position < len(data):
        if data[position] != RESOURCE_SPANS_TAG:
            return False
        length = varint(data, position + 1)
        if length is None:
            break
        size, start = length
        if size and start < len(data) and data[start] not in _INNER_TAGS:
            return False
        position = start + size
        seen += position <= len(data)
    return seen > 0 or (position > len(data) and not complete)


def _is_framed(data: bytes, framing: Framing, complete: bool) -> bool:
    """Whether the first message that is not empty lies in such a frame; the others may be damaged."""
    position = 0
    while (length := _length_at(data, position, framing)) is not None:
        size, position = length
        body = data[position : position + size]
        if body:
            whole = len(body) == size
            return (whole or not complete) and _is_row_of_resources(body, complete=whole)
        position += size
    return False


def _length_at(data: bytes, position: int, framing: Framing) -> tuple[int, int] | None:
    if framing != "uint32":
        return varint(data, position)
    if position + 4 > len(data):
        return None
    return int.from_bytes(data[position : position + 4], "big"), position + 4


def frames(stream: BinaryIO, size: int, framing: Framing, longest: int) -> Iterator[tuple[int, int, bytes | None]]:
    """The messages of a file as (offset, length, bytes); the bytes are ``None`` for one over ``longest``.

    A bare file yields its ``ResourceSpans`` one by one. Stops before a frame that ends beyond ``size``.

    Raises:
        FramingError: if the bytes where a frame should start are no frame; the message holds the offset.
    """
    position = 0
    while position < size:
        head = stream.read(_VARINT_BYTES + 1)
        start = 0
        if framing == "bare":
            if head[:1] != bytes((RESOURCE_SPANS_TAG,)):
                raise FramingError(position)
            start = 1
        length = _length_at(head, start, framing)
        if length is None:
            if position + len(head) < size:
                raise FramingError(position)
            return
        body, after = length
        if position + after + body > size:
            return
        stream.seek(position + after)
        if body > longest:
            yield position + after, body, None
            stream.seek(position + after + body)
        else:
            yield position + after, body, stream.read(body)
        position += after + body
        stream.seek(position)
