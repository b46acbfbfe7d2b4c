"""Does an adapter do nothing but read its source: no output, no clock, no other file, nothing changed?"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from soma.adapters.contract import Adapter

from .comparison import difference
from .reading import Readout, read
from .samples import Sample, load
from .violation import Violation

_INSTANTS = ("1999-12-31T23:59:59Z", "2099-01-01T00:00:00Z")
_FORBIDDEN = frozenset(
    {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.remove"}
)


def purity(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Reading prints nothing, asks no clock, opens nothing but the source and its companions, and changes no file."""
    for sample in load(samples):
        read(adapter, sample.path)  # modules that are imported on first use are opened now
        before = _folder(sample.path)
        with _printed() as output, _deeds() as deeds:
            quiet = read(adapter, sample.path)
        if output.getvalue():
            yield Violation("purity", sample.name, f"it prints: {output.getvalue()[:60]!r}")
        yield from (Violation("purity", sample.name, deed) for deed in _undue(deeds, quiet))
        if _folder(sample.path) != before:
            yield Violation("purity", sample.name, "reading changed the file or its folder")
        for instant in _INSTANTS:
            with _clock_at(instant):
                at_instant = read(adapter, sample.path)
            if found := difference(quiet, at_instant):
                yield Violation("purity", sample.name, f"what is read depends on the time of reading: {found}")
        yield from _changed(sample)


def _changed(sample: Sample) -> Iterator[Violation]:
    if sample.path.read_bytes() != sample.data:
        yield Violation("purity", sample.name, "reading wrote to the source")


@contextlib.contextmanager
def _printed() -> Iterator[io.StringIO]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield output


@contextlib.contextmanager
def _clock_at(instant: str) -> Iterator[None]:
    before = os.environ.get("SOMA_NOW")
    os.environ["SOMA_NOW"] = instant
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOMA_NOW"]
        else:
            os.environ["SOMA_NOW"] = before


def _folder(path: Path) -> list[tuple[str, int, int]]:
    entries = [(entry.name, entry.stat()) for entry in os.scandir(path.parent)]
    return sorted((name, facts.st_size, facts.st_mtime_ns) for name, facts in entries)


class _Watch:
    """Python's own record of what a program opens and starts. A hook stays for good, so there is one, mostly asleep."""

    def __init__(self) -> None:
        self.deeds: list[tuple[str, str, bool]] | None = None
        self._installed = False

    def install(self) -> None:
        if not self._installed:
            sys.addaudithook(self._note)
            self._installed = True

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.deeds is None:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT))
            self.deeds.append((event, os.path.realpath(os.fsdecode(arguments[0])), writes))
        elif event in _FORBIDDEN:
            self.deeds.append((event, "", False))


_WATCH = _Watch()


@contextlib.contextmanager
def _deeds() -> Iterator[list[tuple[str, str, bool]]]:
    _WATCH.install()
    deeds: list[tuple[str, str, bool]] = []
    _WATCH.deeds = deeds
    try:
        yield deeds
    finally:
        _WATCH.deeds = None


def _undue(deeds: list[tuple[str, str, bool]], out: Readout) -> Iterator[str]:
    allowed = {os.path.realpath(path) for source in out.sources for path in (source.path, *source.asked)}
    for event, path, writes in dict.fromkeys(deeds):
        if event != "open":
            yield f"it does what an adapter has no business to do: {event}"
        elif writes:
            yield f"it opens {os.path.basename(path)!r} to write to it"
        elif path not in allowed:
            yield f"it opens {os.path.basename(path)!r}, which is neither the source nor a companion of it"
