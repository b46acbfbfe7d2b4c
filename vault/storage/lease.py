"""A lock on storage that knows no locks: an object that says who holds it, renewed as long as the holder lives.

It keeps writers from getting into each other's way; that nothing is written twice does not depend on it. A holder that
slept too long goes on writing without knowing that it was followed. So whoever takes over from a holder that did not
give the lease back is told to fence it off (``fence``), and what that one then tries to commit is refused by the logs
of the tables themselves: ``docs/design/s3.md``.

**Clocks.** A lease is taken for dead when it was not renewed while this machine watched it for ``TTL_S`` seconds by a
clock that only goes forwards; or at once, when the storage says that it was last renewed longer ago than ``SKEW_S``,
by which S3 itself does not let clocks differ; or when its holder was a process of this machine that is no more. No time
is compared with one that another host wrote down.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from soma import clock, codec
from soma.errors import VaultConflict, VaultError, VaultLocked

from .access import translated

if TYPE_CHECKING:
    from obstore.store import S3Store

TTL_S = 30.0
SKEW_S = 15 * 60.0
_PAUSE_S = 0.25


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What the object says.

    Attributes:
        holder: Random, new for every time it is taken; empty when nobody holds it.
        pid, host, since: Who took it last, and when by its own clock (epoch microseconds); to be told, never believed.
        beat: How often it was renewed.
        clean: Of a lease that nobody holds: whether its last holder had ended all it began.
    """

    holder: str = ""
    pid: int = 0
    host: str = ""
    since: int = 0
    beat: int = 0
    clean: bool = True


class Seen(msgspec.Struct, frozen=True):
    """The object at one moment: what it says, which version that is, and when the storage says that it was written."""

    held: Held | None
    version: str
    written: float


class Lease:
    """A lease on a vault, re-entrant for its holder.

    Args:
        store: The bucket's client, at the vault's prefix.
        name: Of the object.
        where: The vault's address.
        bucket: Its bucket.
        wait_s: How long to wait for another holder.
        told: What to say when another holds it. hint: What to do then.

    Attributes:
        fence: Whether the holder before may still be writing.
    """

    def __init__(
        self, store: S3Store, name: str, where: str, bucket: str, wait_s: float, *,
        told: str = "another process writes to the vault",
        hint: str = f"wait for it to end; one that died is followed after {TTL_S:.0f} seconds",
    ) -> None:  # fmt: skip
        self._store, self._name, self._where, self._bucket = store, name, where, bucket
        self._wait_s, self._told, self._hint = wait_s, told, hint
        self._depth = 0
        self._own = Held()
        self._version = ""
        self._lost = False
        self._doubtful = False
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None
        self.fence = False

    def __enter__(self) -> Lease:
        if self._depth == 0:
            self._acquire()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._release()

    def fenced(self) -> None:
        """The holder before was fenced off, or there is nothing it could write to."""
        self.fence = False

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around a commit: one that does not end leaves the next holder something to fence off."""
        if self._lost:
            raise VaultConflict("another writer took the vault over while this one did not answer", where=self._where)
        self._doubtful = True
        yield
        self._doubtful = False

    def _acquire(self) -> None:
        started = clock.stopwatch()
        watched, since = "", started
        while True:
            seen = self._read()
            now = clock.stopwatch()
            if seen is None or seen.version != watched:
                watched, since = (seen.version if seen else ""), now
            fence = self._free(seen, watched_s=now - since)
            if fence is not None:
                if self._take(seen, fence=fence):
                    return
            elif now - started > self._wait_s:
                raise VaultLocked(f"{self._told}{_who(seen)}", where=self._where, hint=self._hint)
            else:
                threading.Event().wait(_PAUSE_S)

    def _free(self, seen: Seen | None, *, watched_s: float) -> bool | None:
        """Whether the one before has to be fenced off; ``None`` while it holds the lease."""
        if seen is None:
            # Nobody ever held it, or somebody deleted the object of one who does.
            return True
        if seen.held is not None and not seen.held.holder:
            return not seen.held.clean
        silent_s = clock.unpinned() / 1e6 - seen.written
        gone = seen.held is not None and _died(seen.held)
        return True if gone or watched_s > TTL_S or silent_s > SKEW_S + TTL_S else None

    def _take(self, seen: Seen | None, *, fence: bool) -> bool:
        own = Held(
            holder=secrets.token_hex(12), pid=os.getpid(), host=socket.gethostname(), since=clock.unpinned(),
        )  # fmt: skip
        if not self._write(own, seen.version if seen else None):
            return False
        self.fence, self._lost, self._doubtful = fence, False, False
        self._ended.clear()
        self._beating = threading.Thread(target=self._beat, name=f"soma {self._name}", daemon=True)
        self._beating.start()
        return True

    def _beat(self) -> None:
        while not self._ended.wait(TTL_S / 3):
            try:
                if not self._write(msgspec.structs.replace(self._own, beat=self._own.beat + 1), self._version):
                    seen = self._read()
                    if seen is None or seen.held is None or seen.held.holder != self._own.holder:
                        self._lost = True
                        return
                    # An earlier try of the same request had come through.
                    self._own, self._version = seen.held, seen.version
            except VaultError:
                # The network may come back before anybody follows; whether somebody did, the next try tells.
                continue

    def _release(self) -> None:
        self._ended.set()
        if self._beating is not None:
            self._beating.join()
            self._beating = None
        if not self._lost:
            # Who follows has to fence off one that could not even say that it ended.
            free = msgspec.structs.replace(self._own, holder="", clean=not (self._doubtful or self.fence))
            try:
                self._write(free, self._version)
            except VaultError:
                return

    def _read(self) -> Seen | None:
        import obstore

        try:
            with translated("the vault's lease cannot be read", self._where, self._bucket):
                found = obstore.get(self._store, self._name)
                data = bytes(found.bytes())
        except FileNotFoundError:
            return None
        try:
            held = msgspec.json.decode(data, type=Held)
        except msgspec.DecodeError:
            held = None
        return Seen(held, found.meta["e_tag"] or "", found.meta["last_modified"].timestamp())

    def _write(self, held: Held, version: str | None) -> bool:
        """Put the object if it still is what it was; whether it was."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        data = codec.encode(held).encode()
        try:
            with translated("the vault cannot be written to", self._where, self._bucket):
                done = obstore.put(self._store, self._name, data, mode={"e_tag": version} if version else "create")
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return False
        self._own, self._version = held, done["e_tag"] or ""
        return True


def _who(seen: Seen | None) -> str:
    if seen is None or seen.held is None or not seen.held.holder:
        return ""
    since = (clock.to_iso(seen.held.since) or "")[:19].replace("T", " ")
    return f": process {seen.held.pid} on {seen.held.host} since {since} UTC"


def _died(held: Held) -> bool:
    """Whether the holder was a process of this machine that is no more; another machine cannot be asked."""
    if os.name != "posix" or held.host != socket.gethostname() or held.pid <= 0:
        return False
    try:
        os.kill(held.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
