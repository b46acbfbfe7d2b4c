"""Sources to records: JSON Lines, zstd archives of them, and SQLite databases."""

from __future__ import annotations

from soma.adapters.blocks.jsonl import read_lines
from soma.source import Limits, Reading, Source

from .database import read_database
from .entries import DECODER
from .packed import ZSTD_MAGIC, read_packed
from .sniff import SQLITE_MAGIC


def read(source: Source, limits: Limits) -> Reading:
    """The entries of a transcript, or the runs of a cron log, as records in the order they were written.

    Yields:
        Records whose value is an ``Entry``, or a plain object where it is none; in front of each session of a database
        one whose value is its ``facts.Session``. ``Damage`` for what cannot be decoded.

    Raises:
        SourceError: if a database cannot be opened or is not OpenClaw's.
    """
    with source.open() as stream:
        start = stream.read(len(SQLITE_MAGIC))
    if start == SQLITE_MAGIC:
        yield from read_database(source, limits)
    elif start.startswith(ZSTD_MAGIC):
        yield from read_packed(source, limits)
    else:
        yield from read_lines(source, limits, DECODER)
