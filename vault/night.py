"""One night at a time: the lock of ``soma nightly``, which tells whoever finds it taken who holds it.

As with the writer's lock it is the operating system that holds it, so a night that was killed holds nothing. What
stands in the file is only told, never believed: it says who took the lock last.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import TracebackType

import msgspec

from soma import clock, codec
from soma.errors import VaultLocked

from .lock import WriterLock, holder

_LONGEST = 4096


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who took the lock: process, machine, and since when (epoch microseconds)."""

    pid: int
    host: str
    since: int


class NightLock(WriterLock):
    """The lock of a whole night on a vault; the writer's lock is taken and given back many times inside it."""

    NAME = "night.lock"

    def __init__(self, vault: Path, wait_s: float = 0.0) -> None:
        super().__init__(vault, wait_s)

    def __enter__(self) -> NightLock:
        super().__enter__()
        if self._handle is not None and self._depth == 1:
            own = Holder(pid=os.getpid(), host=socket.gethostname(), since=clock.now())
            _write(self._handle, codec.encode(own).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None and self._depth == 1:
            _write(self._handle, b"")
        super().__exit__(kind, value, trace)

    def _held(self, handle: int) -> VaultLocked:
        told = _read(handle)
        pid = holder(handle)
        if told is not None and pid in (None, told.pid):
            since = (clock.to_iso(told.since) or "")[:19].replace("T", " ")
            who = f"process {told.pid} on {told.host} since {since} UTC"
        else:
            # It was taken this very instant, or stands on a file system that does not tell.
            who = f"process {pid}" if pid else "another process"
        return VaultLocked(
            f"another night is running: {who}", where=str(self._path.parent),
            hint="wait for it to end: soma nightly --wait 3600 PATH does",
        )  # fmt: skip


def _write(handle: int, data: bytes) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, data)


def _read(handle: int) -> Holder | None:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        return msgspec.json.decode(os.read(handle, _LONGEST), type=Holder)
    except (msgspec.DecodeError, OSError):
        return None
