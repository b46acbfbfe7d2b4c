"""Has a source changed? Sizes and times first; the bytes only where those differ."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

from soma import codec, identity
from soma.adapters.contract import Adapter
from soma.source import MIB, Source

from .discover import Candidate

_DATABASE_BESIDE = ("-wal",)
_FOLDERS_KEPT = 64


class Folders:
    """Which files lie in a folder: one listing of it instead of a look for every file that may lie beside another."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}

    def holds(self, path: str) -> bool:
        """Whether the folder of ``path`` had something of this name when it was listed first."""
        folder, name = os.path.split(path)
        names = self._names.get(folder)
        if names is None:
            if len(self._names) >= _FOLDERS_KEPT:
                self._names.clear()
            try:
                names = frozenset(os.listdir(folder))
            except OSError:
                names = frozenset()
            self._names[folder] = names
        return name in names


def stamp(candidate: Candidate, adapter: Adapter | None, folders: Folders) -> str:
    """Digest of everything beside a source that decides what it yields; empty when there is nothing.

    That is the sizes and times of the files it is read with, and the presence of the file it may be a backup of
    (``a.jsonl`` for ``a.jsonl.bak-1``): a copy counts only where its original is missing.
    """
    marks = [
        f"{os.path.basename(path)}:{facts.st_size}:{facts.st_mtime_ns}"
        for path, facts in _beside(candidate, adapter, folders)
    ]
    folder, name = os.path.split(candidate.path)
    parts = name.split(".")
    shorter = (".".join(parts[:count]) for count in range(1, len(parts)))
    originals = ((name, os.path.join(folder, name)) for name in shorter if name)
    marks += [f"copy of {name}" for name, path in originals if folders.holds(path) and os.path.isfile(path)]
    return identity.digest(os.fsencode("|".join(marks))) if marks else ""


def _beside(candidate: Candidate, adapter: Adapter | None, folders: Folders) -> Iterator[tuple[str, os.stat_result]]:
    source = Source(candidate.path, candidate.source_id, size=candidate.size)
    companions = adapter.companions(source) if adapter else []
    paths = [str(source.companion_path(relative)) for relative in companions]
    paths += [source.path + ending for ending in _DATABASE_BESIDE]
    for path in sorted(path for path in paths if folders.holds(path)):
        try:
            yield path, os.stat(path)
        except OSError:
            continue


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
