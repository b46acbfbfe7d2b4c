"""The original of a row: bytes of a transcript, of what an archive unpacks to, or a row of a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from soma.adapters.blocks.original import Original, Place, bytes_at, bytes_of_stream
from soma.source import DEFAULT_LIMITS, Source

from .database import row_at
from .packed import ZSTD_MAGIC, Unpacked
from .sniff import SQLITE_MAGIC


def original(source: Source, place: Place, longest: int) -> Original | None:
    """What stands at ``place`` now; ``None`` where nothing does.

    Raises:
        OSError, SourceError: if the source cannot be read.
    """
    with source.open() as stream:
        start = stream.read(len(SQLITE_MAGIC))
    if start == SQLITE_MAGIC:
        try:
            data = row_at(source, place.session_id, place.offset)
        except sqlite3.Error:
            return None
        return None if data is None else Original(data[:longest], len(data), len(data) <= longest)
    if start.startswith(ZSTD_MAGIC):
        with closing(Unpacked(source, DEFAULT_LIMITS.document_bytes).open()) as unpacked:
            return bytes_of_stream(unpacked, place, longest)
    return bytes_at(source, place, longest)
