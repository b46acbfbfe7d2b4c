"""One writer at a time: an advisory lock that the operating system drops when its holder dies.

The lock file stays empty for ever: a harvest that finds nothing new must not change a byte of the vault, not even here.
"""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from soma.errors import VaultError, VaultLocked

_PAUSE_S = 0.05


class WriterLock:
    """A lock on a vault, re-entrant for its holder.

    Args:
        vault: The vault's folder.
        wait_s: How long to wait for another holder.
    """

    NAME = "lock"
    fence = False
    """The operating system drops the lock with its holder: who lost it cannot write any more."""

    def __init__(self, vault: Path, wait_s: float) -> None:
        self._path = vault / self.NAME
        self._wait_s = wait_s
        self._handle: int | None = None
        self._depth = 0

    def __enter__(self) -> WriterLock:
        if self._depth == 0:
            self._acquire()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def fenced(self) -> None:
        """Nothing: nobody has to be fenced off."""

    def committing(self) -> AbstractContextManager[None]:
        """Nothing: the lock cannot be lost, and what a commit left that did not end the tables themselves tell."""
        return nullcontext()

    def _acquire(self) -> None:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise VaultError(
                f"the vault cannot be written to: {problem.strerror}",
                where=str(self._path),
                hint="check who owns the folder and that its disk is not full or read-only",
            ) from problem
        locked = False
        try:
            deadline = time.monotonic() + self._wait_s
            while not (locked := _try_lock(handle)):
                if time.monotonic() > deadline:
                    raise self._held(handle)
                time.sleep(_PAUSE_S)
            self._handle = handle
        finally:
            if not locked:
                os.close(handle)

    def _held(self, handle: int) -> VaultLocked:
        """What to say when another process still holds the lock."""
        pid = holder(handle)
        who = f" (process {pid})" if pid else ""
        return VaultLocked(f"another process writes to the vault{who}", where=str(self._path.parent))


def holder(handle: int) -> int | None:
    """The process that holds the lock on an open file, where the operating system tells (Linux)."""
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    facts = os.fstat(handle)
    place = f"{os.major(facts.st_dev):02x}:{os.minor(facts.st_dev):02x}:{facts.st_ino}"
    for words in map(str.split, lines):
        # "1: FLOCK ADVISORY WRITE <pid> <major:minor:inode> 0 EOF"; waiting ones have an arrow behind the number.
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and words[4] != "0":
            return int(words[4])
    return None


def _try_lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_lock_windows(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_windows(handle: int) -> bool:
    import importlib

    msvcrt = importlib.import_module("msvcrt")
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
