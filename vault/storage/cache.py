"""Copies of a bucket's files of rows on this machine: made when they are first needed, never out of date.

The name of such a file ends with a digest of its bytes, so that a copy can only be right or damaged, and which of the
two is looked at when it arrives and when a process uses it for the first time. The folder is its owner's only. What was
not used for longest goes when the copies outgrow their limit, but nothing that was used within a day: a reader opens
its files when a query needs them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from soma import clock, config, files
from soma.errors import ConfigError, VaultError
from soma.vault.fragment import altered

LIMIT_GB = 20.0
_SPARED_S = 24 * 3600
_PAUSE_S = 60.0
_GB = 10**9


class Cache:
    """Copies of one vault's files.

    Args:
        name: Digest of the vault's address.
    """

    def __init__(self, name: str) -> None:
        self._root = config.cache()
        self.path = self._root / name
        self._seen: dict[Path, tuple[int, int]] = {}
        self._trimmed: float | None = None

    def folder(self, name: str) -> Path:
        """The folder of copies that corresponds to one of the vault's."""
        return self.path / name if name else self.path

    def holds(self, path: Path) -> bool:
        """Whether there is a copy that is what its name says; a damaged one is removed."""
        try:
            facts = path.stat()
        except FileNotFoundError:
            return False
        stamp = (facts.st_size, facts.st_mtime_ns)
        if self._seen.get(path) != stamp and altered(path):
            path.unlink(missing_ok=True)
            return False
        self._seen[path] = stamp
        # The time of its last use; the other one is the stamp.
        os.utime(path, ns=(clock.unpinned() * 1000, facts.st_mtime_ns))
        return True

    def fill(self, path: Path, pieces: Iterable[bytes], where: str) -> None:
        """Make a copy.

        Raises:
            VaultError: if the bytes are not those the name tells, or there is no room for them.
        """
        beside = path.with_name(f".{secrets.token_hex(6)}.{path.name}")
        try:
            files.make_private_folder(path.parent)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE_FILE)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.writelines(pieces)
                if altered(beside, path.name):
                    raise VaultError("a file of the vault is damaged: its bytes are not those that were written",
                                     where=where)  # fmt: skip
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as problem:
            raise VaultError(f"no copy of a file can be made: {problem.strerror or problem}", where=str(path.parent),
                             hint="make room there, or point SOMA_CACHE at another folder") from problem  # fmt: skip
        facts = path.stat()
        self._seen[path] = (facts.st_size, facts.st_mtime_ns)

    def drop(self, path: Path) -> None:
        """Remove a copy."""
        path.unlink(missing_ok=True)
        self._seen.pop(path, None)

    def trim(self) -> None:
        """Remove what was not used for longest, of all vaults, until the rest is within the limit; now and then."""
        if self._trimmed is not None and clock.stopwatch() - self._trimmed < _PAUSE_S:
            return
        self._trimmed = clock.stopwatch()
        found = sorted(_files(self._root))
        size = sum(bytes_ for _, bytes_, _ in found)
        now = clock.unpinned() / 1e6
        for used, bytes_, path in found:
            if size <= _limit() or now - used < _SPARED_S:
                return
            self.drop(path)
            size -= bytes_


def _files(root: Path) -> Iterator[tuple[float, int, Path]]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            yield facts.st_atime, facts.st_size, path


def _limit() -> float:
    told = os.environ.get("SOMA_CACHE_GB")
    try:
        limit = float(told) if told else LIMIT_GB
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise ConfigError(f"SOMA_CACHE_GB must be a number from 0 up, not {told!r}")
    return limit * _GB
