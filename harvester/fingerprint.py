"""Has a source changed? Sizes and times first; the bytes only where those differ."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

from soma import codec, identity
from soma.adapters.contract import Adapter, no_companions
from soma.source import MIB, Source

from .discover import Candidate

_DATABASE_BESIDE = ("-wal",)
_FOLDERS_KEPT = 64


class Folders:
    """Which files lie in a folder: one listing of it instead of a look for every file that may lie beside another."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}

    def names(self, folder: str) -> frozenset[str]:
        """What the folder held when it was listed first."""
        names = self._names.get(folder)
        if names is None:
            if len(self._names) >= _FOLDERS_KEPT:
                self._names.clear()
            try:
                names = frozenset(os.listdir(folder))
            except OSError:
                names = frozenset()
            self._names[folder] = names
        return names


def stamp(candidate: Candidate, adapter: Adapter | None, folders: Folders) -> str:
    """Digest of everything beside a source that decides what it yields; empty when there is nothing.

    That is the sizes and times of the files it is read with, and the presence of the file it may be a backup of
    (``a.jsonl`` for ``a.jsonl.bak-1``): a copy counts only where its original is missing.
    """
    folder, _, name = candidate.path.rpartition("/")
    folder = folder or "/"
    names = folders.names(folder)
    beside = [os.path.join(folder, name + ending) for ending in _DATABASE_BESIDE if name + ending in names]
    if adapter is not None and adapter.companions is not no_companions:
        beside += _companions(candidate, adapter, folders)
    marks = [f"{os.path.basename(path)}:{facts.st_size}:{facts.st_mtime_ns}" for path, facts in _facts(beside)]
    end = name.find(".")
    while end >= 0:
        if (shorter := name[:end]) in names and os.path.isfile(os.path.join(folder, shorter)):
            marks.append(f"copy of {shorter}")
        end = name.find(".", end + 1)
    return identity.digest(os.fsencode("|".join(marks))) if marks else ""


def reads_elsewhere(candidate: Candidate, adapter: Adapter) -> bool:
    """Whether the source is read with files that lie in other folders than itself."""
    if adapter.companions is no_companions:
        return False
    return any("/" in relative for relative in adapter.companions(_source(candidate)))


def _source(candidate: Candidate) -> Source:
    return Source(candidate.path, candidate.source_id, size=candidate.size)


def _companions(candidate: Candidate, adapter: Adapter, folders: Folders) -> Iterator[str]:
    source = _source(candidate)
    here = os.path.dirname(source.path)
    for relative in adapter.companions(source):
        path = os.path.normpath(os.path.join(here, relative))
        folder, name = os.path.split(path)
        if name in folders.names(folder):
            yield path


def _facts(paths: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    for path in sorted(paths):
        try:
            yield path, os.stat(path)
        except OSError:
            continue


def content_hash(source: Source, context: dict[str, Any]) -> str:
    """SHA-256 of the first ``source.bytes_read`` bytes, of a database's write-ahead log, and of what companions told.

    Raises:
        OSError: if the source cannot be read.
    """
    if source.data is not None:
        state = hashlib.sha256(source.data[: source.bytes_read])
    else:
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
