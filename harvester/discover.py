"""From paths, folders and globs to the regular files that may hold traces."""

from __future__ import annotations

import glob
import os
import stat
from array import array
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

import msgspec

from soma.errors import UsageError

from .listing import Candidate, Listing, is_read, shown

__all__ = ["Candidate", "Discovery", "Listing", "check_paths", "discover", "listed", "shown"]

_NOT_ENTERED = frozenset({
    ".git", ".soma", ".hg", ".svn", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", "_delta_log",
})  # fmt: skip
_LATEST = (1 << 63) - 1
"""What the ledger can hold of a time: files dated behind the year 2262 count as of then."""


class Discovery(msgspec.Struct):
    """What was found.

    Attributes:
        listings: Folders with files that may hold traces, by where they really lie.
        single: Files that were found one by one (named or linked to) and lie in none of these folders, by path.
        known: Folders that were left out, since all of it was known.
        unreadable: What could not be looked at, and why.
        passed_by: What lies in a folder and is never opened (pipes, devices, links in a circle), and what it is.
    """

    listings: dict[str, Listing] = msgspec.field(default_factory=dict)
    single: dict[str, Candidate] = msgspec.field(default_factory=dict)
    known: set[str] = msgspec.field(default_factory=set)
    unreadable: list[tuple[str, str]] = msgspec.field(default_factory=list)
    passed_by: list[tuple[str, str]] = msgspec.field(default_factory=list)

    @property
    def candidates(self) -> list[Candidate]:
        """All files that may hold traces, each once, in the order of their paths."""
        listed = (candidate for listing in self.listings.values() for candidate in listing.candidates())
        return sorted([*listed, *self.single.values()])

    @property
    def size(self) -> int:
        """Bytes of all files that may hold traces."""
        listed = sum(
            size
            for listing in self.listings.values()
            for name, size in zip(listing.names, listing.sizes, strict=True)
            if is_read(name)
        )
        return listed + sum(candidate.size for candidate in self.single.values())


def check_paths(paths: Iterable[str]) -> None:
    """See that every path leads somewhere.

    Raises:
        UsageError: if a path does not exist and matches nothing.
    """
    for path in paths:
        _expanded(path)


def discover(
    paths: Iterable[str], *, since_ns: int | None = None, known: Callable[[Listing], bool] = lambda _: False
) -> Discovery:
    """All regular files at or below ``paths``, each once.

    Args:
        paths: Files, folders, glob patterns.
        since_ns: Leave out files that were last modified before this instant.
        known: Asked about every folder that was listed: what it knows to the last file is left out.

    Raises:
        UsageError: if a path does not exist and matches nothing.
    """
    out = Discovery()
    singles: list[str] = []
    for path in paths:
        for start in _expanded(path):
            if not os.path.isdir(start):
                singles.append(start)
                continue
            for listing in _folders(start, singles, out):
                if listing.folder in out.known or listing.folder in out.listings:
                    continue
                if since_ns is None and known(listing):
                    out.known.add(listing.folder)
                else:
                    out.listings[listing.folder] = listing if since_ns is None else listing.since(since_ns)
    names = {folder: frozenset(listing.names) for folder, listing in out.listings.items()} if singles else {}
    real: dict[str, str] = {}
    for path in singles:
        candidate = _candidate(path, real, out.unreadable)
        if candidate and (since_ns is None or candidate.modified_ns >= since_ns):
            folder, name = os.path.split(candidate.path)
            listed = folder in out.known or name in names.get(folder, ())
            if not (listed and is_read(name)):
                out.single[candidate.path] = candidate
    out.unreadable, out.passed_by = sorted(set(out.unreadable)), sorted(set(out.passed_by))
    return out


def listed(folder: str) -> Listing:
    """One folder as it is now, without what lies in folders of it."""
    listing = Listing(folder=folder)
    _list(folder, listing, Discovery())
    return listing


def _expanded(path: str) -> list[str]:
    plain = os.path.expanduser(path)
    if os.path.lexists(plain):
        return [os.path.abspath(plain)]
    matches = sorted(glob.glob(plain, recursive=True, include_hidden=True))
    if not matches:
        raise UsageError(f"there is no file, folder or match for {path!r}", hint="check the path; quote globs")
    return [os.path.abspath(match) for match in matches]


class _Folder(NamedTuple):
    """A folder that waits: the way to it, where it really lies, and what tells it from all others."""

    path: str
    real: str
    place: tuple[int, int]


def _folders(start: str, singles: list[str], out: Discovery) -> Iterator[Listing]:
    """Every folder from ``start`` on; the links to files go to ``singles``."""
    entered: set[tuple[int, int]] = set()
    pending = [_start(start, out)]
    while pending:
        folder = pending.pop()
        if folder is None or folder.place in entered:
            continue
        entered.add(folder.place)
        listing = Listing(folder=folder.real)
        odd = _list(folder.path, listing, out)
        for entry in sorted(odd, key=attrgetter("name")):
            try:
                pending.append(_looked_at(entry, folder, listing, entered, singles, out))
            except OSError as problem:
                listing.whole = False
                out.unreadable.append((entry.path, problem.strerror or type(problem).__name__))
        if listing.names:
            yield listing


def _start(start: str, out: Discovery) -> _Folder | None:
    try:
        facts = os.stat(start)
    except OSError as problem:
        out.unreadable.append((start, problem.strerror or type(problem).__name__))
        return None
    return _Folder(start, os.path.realpath(start), (facts.st_dev, facts.st_ino))


def _list(path: str, listing: Listing, out: Discovery) -> list[os.DirEntry[str]]:
    """Fill ``listing`` with the regular files of a folder; what is none of them is returned."""
    odd: list[os.DirEntry[str]] = []
    names: list[str] = []
    sizes: list[int] = []
    times: list[int] = []

    def fail(where: str, problem: OSError) -> None:
        listing.whole = False
        out.unreadable.append((where, problem.strerror or type(problem).__name__))

    try:
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    if entry.is_file(follow_symlinks=False):
                        facts = entry.stat()
                        names.append(entry.name)
                        sizes.append(facts.st_size)
                        times.append(facts.st_mtime_ns)
                    else:
                        odd.append(entry)
                except OSError as problem:
                    fail(entry.path, problem)
    except OSError as problem:
        fail(path, problem)
    listing.names, listing.sizes, listing.times = names, _column(sizes), _column(times)
    return odd


def _column(values: list[int]) -> array[int]:
    try:
        return array("q", values)
    except OverflowError:
        return array("q", (min(value, _LATEST) for value in values))


def _looked_at(
    entry: os.DirEntry[str], folder: _Folder, listing: Listing, entered: set[tuple[int, int]], singles: list[str],
    out: Discovery,
) -> _Folder | None:  # fmt: skip
    """What is no regular file: the folder that it is, if it is to be entered."""
    listing.others.append(f"{entry.name}/")
    if entry.is_dir():
        if entry.name in _NOT_ENTERED:
            return None
        facts = entry.stat()
        place = (facts.st_dev, facts.st_ino)
        if place in entered and _holds(entry.path, folder.path):
            out.passed_by.append((entry.path, "a link back to a folder it lies in, not followed"))
            return None
        real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(folder.real, entry.name)
        return _Folder(entry.path, real, place)
    if entry.is_file():
        facts = entry.stat()
        listing.others[-1] += f"{facts.st_size}:{facts.st_mtime_ns}"
        if is_read(entry.name):
            singles.append(entry.path)
    elif entry.is_symlink() and not os.path.exists(entry.path):
        out.unreadable.append((entry.path, "the link leads nowhere"))
    else:
        out.passed_by.append((entry.path, f"{_kind(os.stat(entry.path).st_mode)}, never opened"))
    return None


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


def _candidate(path: str, real: dict[str, str], unreadable: list[tuple[str, str]]) -> Candidate | None:
    """The one file that is named, or linked to, as a candidate; ``real`` remembers where folders really lie."""
    try:
        facts = os.lstat(path)
        if is_link := stat.S_ISLNK(facts.st_mode):
            facts = os.stat(path)
    except OSError as problem:
        unreadable.append((path, problem.strerror or type(problem).__name__))
        return None
    if not stat.S_ISREG(facts.st_mode):
        unreadable.append((path, "not a regular file"))
        return None
    # A link and its target are one source.
    if is_link:
        path = os.path.realpath(path)
    else:
        folder, name = os.path.split(path)
        if folder not in real:
            real[folder] = os.path.realpath(folder)
        path = os.path.join(real[folder], name)
    return Candidate(path, facts.st_size, min(facts.st_mtime_ns, _LATEST))
