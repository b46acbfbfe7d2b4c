"""From paths, folders and globs to the regular files that may hold traces."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from soma import identity
from soma.errors import UsageError

_NOT_ENTERED = frozenset({
    ".git", ".soma", ".hg", ".svn", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", "_delta_log",
})  # fmt: skip
# Never traces by themselves: write-ahead logs and locks belong to the database or file beside them.
_NOT_READ = ("-wal", "-shm", "-journal", ".lock", ".tmp", ".pyc", ".parquet", ".crc")


class Candidate(msgspec.Struct, frozen=True, order=True, dict=True):
    """A file as it was found.

    Attributes:
        path: Absolute path.
        size: Bytes.
        modified_ns: Modification time in nanoseconds.
    """

    path: str
    size: int
    modified_ns: int

    @cached_property
    def source_id(self) -> str:
        """Id of the source this file is."""
        return identity.source_id(self.shown)

    @property
    def shown(self) -> str:
        """The path as text that can be written down."""
        return shown(self.path)


def shown(path: str) -> str:
    """A path as text that can be written down; bytes that are no UTF-8 are escaped, so that no two paths meet."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", errors="backslashreplace")


class Discovery(msgspec.Struct):
    """What was found.

    Attributes:
        candidates: Files that may hold traces.
        unreadable: What could not be looked at, and why.
        passed_by: What lies in a folder and is never opened (pipes, devices, links in a circle), and what it is.
    """

    candidates: list[Candidate] = msgspec.field(default_factory=list)
    unreadable: list[tuple[str, str]] = msgspec.field(default_factory=list)
    passed_by: list[tuple[str, str]] = msgspec.field(default_factory=list)


def check_paths(paths: Iterable[str]) -> None:
    """See that every path leads somewhere.

    Raises:
        UsageError: if a path does not exist and matches nothing.
    """
    for path in paths:
        _expanded(path)


def discover(paths: Iterable[str], *, since_ns: int | None = None) -> Discovery:
    """All regular files at or below ``paths``, each once, in the order of their paths.

    Args:
        paths: Files, folders, glob patterns.
        since_ns: Leave out files that were last modified before this instant.

    Raises:
        UsageError: if a path does not exist and matches nothing.
    """
    found: dict[str, Candidate] = {}
    out = Discovery()
    resolved: dict[str, str] = {}
    for path in paths:
        for start in _expanded(path):
            for file in _files(start, out):
                candidate = _candidate(file, out.unreadable, resolved)
                if candidate and (since_ns is None or candidate.modified_ns >= since_ns):
                    found[candidate.path] = candidate
    out.candidates = [found[path] for path in sorted(found)]
    out.unreadable, out.passed_by = sorted(set(out.unreadable)), sorted(set(out.passed_by))
    return out


def _expanded(path: str) -> list[str]:
    plain = os.path.expanduser(path)
    if os.path.lexists(plain):
        return [os.path.abspath(plain)]
    matches = sorted(glob.glob(plain, recursive=True, include_hidden=True))
    if not matches:
        raise UsageError(f"there is no file, folder or match for {path!r}", hint="check the path; quote globs")
    return [os.path.abspath(match) for match in matches]


class _File(NamedTuple):
    path: str
    is_link: bool


def _files(start: str, out: Discovery) -> Iterator[_File]:
    if not os.path.isdir(start):
        yield _File(start, True)
        return
    entered: set[tuple[int, int]] = set()
    pending = [start]
    while pending:
        folder = pending.pop()
        try:
            place = os.stat(folder)
            if (place.st_dev, place.st_ino) in entered:
                continue
            entered.add((place.st_dev, place.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as problem:
            out.unreadable.append((folder, problem.strerror or type(problem).__name__))
            continue
        for entry in entries:
            try:
                if entry.is_dir():
                    if entry.name in _NOT_ENTERED:
                        continue
                    facts = entry.stat()
                    if (facts.st_dev, facts.st_ino) in entered and _holds(entry.path, folder):
                        out.passed_by.append((entry.path, "a link back to a folder it lies in, not followed"))
                    else:
                        pending.append(entry.path)
                elif entry.is_file():
                    if not entry.name.endswith(_NOT_READ):
                        yield _File(entry.path, entry.is_symlink())
                elif entry.is_symlink() and not os.path.exists(entry.path):
                    out.unreadable.append((entry.path, "the link leads nowhere"))
                else:
                    out.passed_by.append((entry.path, f"{_kind(os.stat(entry.path).st_mode)}, never opened"))
            except OSError as problem:
                out.unreadable.append((entry.path, problem.strerror or type(problem).__name__))


def _holds(link: str, folder: str) -> bool:
    target = os.path.realpath(link)
    return os.path.commonpath([target, os.path.realpath(folder)]) == target


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no regular file")


def _candidate(file: _File, unreadable: list[tuple[str, str]], resolved: dict[str, str]) -> Candidate | None:
    """The file as a candidate; ``resolved`` remembers where folders really lie."""
    path = file.path
    try:
        facts = os.stat(path)
    except OSError as problem:
        unreadable.append((path, problem.strerror or type(problem).__name__))
        return None
    if not stat.S_ISREG(facts.st_mode):
        unreadable.append((path, "not a regular file"))
        return None
    # A link and its target are one source.
    if file.is_link:
        real = str(Path(path).resolve())
    else:
        folder, name = os.path.split(path)
        if folder not in resolved:
            resolved[folder] = str(Path(folder).resolve())
        real = os.path.join(resolved[folder], name)
    return Candidate(real, facts.st_size, facts.st_mtime_ns)
