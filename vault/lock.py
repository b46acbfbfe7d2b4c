"""One writer at a time: an advisory lock that the operating system drops when its holder dies."""

from __future__ import annotations

import os
import time
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

    def __init__(self, vault: Path, wait_s: float) -> None:
        self._path = vault / "lock"
        self._wait_s = wait_s
        self._handle: int | None = None
        self._depth = 0

    def __enter__(self) -> WriterLock:
        if self._depth == 0:
            self._acquire()
        self._depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._depth -= 1
        if self._depth == 0 and self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _acquire(self) -> None:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise VaultError(f"the vault cannot be written to: {problem.strerror}", where=str(self._path),
                             hint="check who owns the folder and that its disk is not full or read-only") from problem  # fmt: skip
        deadline = time.monotonic() + self._wait_s
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                holder = _read_holder(self._path)
                os.close(handle)
                raise VaultLocked(f"another process writes to the vault{holder}", where=str(self._path.parent))
            time.sleep(_PAUSE_S)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle


def _read_holder(path: Path) -> str:
    try:
        pid = path.read_text().strip()
    except OSError:
        return ""
    return f" (process {pid})" if pid.isdigit() else ""


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
        # The byte lies far behind the process id, so that others can read who holds the lock.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
