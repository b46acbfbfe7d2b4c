"""Runs one adapter over files the way the harvester does, without a vault, and watches what it does."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, TypeVar, cast

import msgspec

from soma import identity
from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.contract import Adapter
from soma.errors import SourceError
from soma.model import ExecutionDraft, PatternDraft
from soma.source import DEFAULT_LIMITS, MIB, Damage, Limits, Record, Source

T = TypeVar("T")


class Readout(msgspec.Struct):
    """What an adapter made of some files.

    Attributes:
        sources: The sources that were read, in the order they were given.
    """

    executions: list[ExecutionDraft] = msgspec.field(default_factory=list)
    patterns: list[PatternDraft] = msgspec.field(default_factory=list)
    damage: list[Damage] = msgspec.field(default_factory=list)
    sources: list[WatchedSource] = msgspec.field(default_factory=list)

    @property
    def items(self) -> list[ExecutionDraft | PatternDraft | Damage]:
        """Everything that was yielded, by kind."""
        return [*self.executions, *self.patterns, *self.damage]

    @property
    def decisions(self) -> int:
        """How many decisions all executions have."""
        return sum(len(execution.decisions) for execution in self.executions)

    @property
    def ids(self) -> list[str]:
        """The ids of all executions, sorted."""
        return sorted(execution.execution_id for execution in self.executions)


class WatchedSource(Source):
    """A source that remembers what was taken from it.

    Attributes:
        taken: Bytes that were read from the file so far, each time they were read.
        asked: Paths of the companions that were asked for.
    """

    def __init__(self, path: str, source_id: str, *, size: int, context: dict[str, Any] | None = None) -> None:
        super().__init__(path, source_id, size=size, context=context)
        self.taken = 0
        self.asked: set[str] = set()

    def open(self) -> BinaryIO:
        """The bytes of the source, buffered and counted."""
        return cast(BinaryIO, io.BufferedReader(_Counted(self), MIB))

    def companion_path(self, relative: str) -> Path:
        """Where a companion lies; remembered."""
        path = super().companion_path(relative)
        self.asked.add(str(path))
        return path


class _Counted(io.FileIO):
    def __init__(self, source: WatchedSource) -> None:
        super().__init__(source.path, "rb")
        self._source = source

    def readinto(self, target: Any) -> int | None:
        count = super().readinto(target)
        self._source.taken += count or 0
        return count

    def readall(self) -> bytes:
        data = super().readall()
        self._source.taken += len(data)
        return data

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(-1 if size is None else size)
        self._source.taken += len(data)
        return data


def head_of(path: Path) -> Head:
    """What an adapter sees of the file when it is asked whether it knows it."""
    with path.open("rb") as stream:
        data = stream.read(HEAD_BYTES)
    return Head(path.name, path.stat().st_size, data, frozenset(os.listdir(path.parent)))


def source_of(adapter: Adapter, path: Path) -> WatchedSource:
    """The file as a source, with what the adapter finds in the files beside it."""
    real = str(path.resolve())
    source = WatchedSource(real, identity.source_id(real), size=os.path.getsize(real))
    source.context = adapter.context(source)
    return source


def read(adapter: Adapter, *paths: Path, limits: Limits = DEFAULT_LIMITS) -> Readout:
    """Read the files as one family (sources that are mapped together) and sort what comes out by kind.

    Raises:
        Whatever the adapter raises.
    """
    out = Readout(sources=[source_of(adapter, path) for path in paths])

    def records() -> Iterator[Record | Damage]:
        for source in out.sources:
            yield from adapter.read(source, limits)

    for item in adapter.map(records()):
        if isinstance(item, ExecutionDraft):
            out.executions.append(item)
        elif isinstance(item, PatternDraft):
            out.patterns.append(item)
        else:
            out.damage.append(item)
    return out


class TooSlow(BaseException):
    """The time is over. No ``Exception``, so that no adapter catches it by accident."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise ``TooSlow`` inside the block when it takes longer, where the system can (main thread, POSIX).

    Elsewhere the block runs on to its end.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Broke(msgspec.Struct, frozen=True):
    """An adapter raised what it must not raise, or did not come to an end.

    Attributes:
        what: The exception and the line of code it came from.
    """

    what: str


def contained(step: Callable[[], T], seconds: float | None = None) -> T | Broke:
    """What ``step`` returns; whatever goes wrong in it is told, not raised.

    Raises:
        SourceError: as the step does: it is what an adapter may raise.
    """
    try:
        with deadline(seconds) if seconds is not None else contextlib.nullcontext():
            return step()
    except SourceError:
        raise
    except TooSlow as problem:
        return Broke(f"was not done after {seconds:g} s, at {_place(problem)}")
    except Exception as problem:  # noqa: BLE001 - whatever an adapter raises is a finding
        words = " ".join(str(problem).split())[:120]
        return Broke(f"raised {type(problem).__name__}{f' ({words})' if words else ''} at {_place(problem)}")


def attempt(adapter: Adapter, *paths: Path, seconds: float = 60.0, limits: Limits = DEFAULT_LIMITS) -> Readout | Broke:
    """Look at the files and read them; whatever goes wrong is told, not raised.

    A ``SourceError`` is what an adapter may raise for a file it cannot use at all: it counts as an empty reading.
    """

    def look_and_read() -> Readout:
        for path in paths:
            adapter.sniff(head_of(path))
        return read(adapter, *paths, limits=limits)

    try:
        return contained(look_and_read, seconds)
    except SourceError:
        return Readout()


def _place(problem: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.name != "ring"]
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno}"
