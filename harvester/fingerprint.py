"""Has a source changed? Sizes and times first; the bytes only where those differ."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from soma import codec
from soma.adapters.contract import Adapter
from soma.source import MIB, Source

_DATABASE_BESIDE = ("-wal",)


def stamp(source: Source, adapter: Adapter) -> str:
    """Sizes and times of the files that are read together with the source; empty when there are none."""
    paths = [str(source.companion_path(relative)) for relative in adapter.companions(source)]
    paths += [source.path + ending for ending in _DATABASE_BESIDE]
    marks = []
    for path in sorted(paths):
        try:
            facts = os.stat(path)
        except OSError:
            continue
        marks.append(f"{os.path.basename(path)}:{facts.st_size}:{facts.st_mtime_ns}")
    return "|".join(marks)


def content_hash(source: Source, context: dict[str, Any]) -> str:
    """SHA-256 of the first ``source.bytes_read`` bytes, of a database's write-ahead log, and of what companions told.

    Raises:
        OSError: if the source cannot be read.
    """
    state = hashlib.sha256()
    with source.open() as stream:
        left = source.bytes_read
        while left > 0 and (block := stream.read(min(MIB, left))):
            state.update(block)
            left -= len(block)
    for ending in _DATABASE_BESIDE:
        if os.path.isfile(source.path + ending):
            with open(source.path + ending, "rb") as stream:
                state.update(hashlib.file_digest(stream, "sha256").digest())
    state.update(codec.encode(context).encode())
    return state.hexdigest()
