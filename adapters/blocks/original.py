"""The very bytes a row was read from, found again by the place that was written down with it. Read only."""

from __future__ import annotations

import os
from typing import BinaryIO

import msgspec

from soma.source import MIB, Source


class Place(msgspec.Struct, frozen=True):
    """Where a record lies in its source.

    Attributes:
        offset: First byte, or the number of a row of a database.
        length: Bytes of the record.
        session_id: The framework's session it belongs to; rows of a database are numbered inside it.
    """

    offset: int
    length: int
    session_id: str | None = None


class Original(msgspec.Struct, frozen=True):
    """What stands at a place now.

    Attributes:
        data: Its bytes, unpacked, at most as many as were asked for.
        length: Bytes the whole record takes in the source now, counted as its place counts them.
        whole: Whether ``data`` is all of it.
    """

    data: bytes
    length: int
    whole: bool


def bytes_at(source: Source, place: Place, longest: int) -> Original | None:
    """The bytes of a plain file at ``place``; ``None`` where the file ends before.

    Raises:
        OSError: if the file cannot be read.
    """
    with source.open() as stream:
        if os.fstat(stream.fileno()).st_size < place.offset + place.length:
            return None
        stream.seek(place.offset)
        return Original(stream.read(min(place.length, longest)), place.length, place.length <= longest)


def bytes_of_stream(stream: BinaryIO, place: Place, longest: int) -> Original | None:
    """The same for what can only be read from its start, as an archive that is unpacked on the way."""
    left = place.offset
    while left > 0:
        block = stream.read(min(left, MIB))
        if not block:
            return None
        left -= len(block)
    wanted = min(place.length, longest)
    data = stream.read(wanted)
    return Original(data, place.length, place.length <= longest) if len(data) == wanted else None
