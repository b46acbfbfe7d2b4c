"""Does reading stream, and is memory bounded by the longest record rather than by the file?"""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from soma import codec
from soma.adapters.contract import Adapter
from soma.source import DEFAULT_LIMITS, MIB

from .reading import Broke, attempt, read, source_of
from .samples import Sample, load, most_lines, placed, repeated, workshop
from .violation import Violation

FILE_BYTES = 30 * MIB
"""How large the files are that reading must not take into memory."""
TAKEN_BYTES = 8 * MIB
"""How much may be read before the first record, beyond four of the longest lines."""
PEAK_BYTES = 16 * MIB
"""How much memory reading may take, beyond eight of the longest lines."""
TEXT_BYTES = 8 * MIB
"""How long the one text is that drafts must not keep."""
KEPT_BYTES = MIB
"""How much of such a text drafts may keep."""
_LOOKED_AT = 3


def streaming(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """The first record of a large JSON Lines file comes long before its last byte is read."""
    for sample in most_lines(load(samples), _LOOKED_AT):
        with workshop() as folder:
            source = source_of(adapter, repeated(sample, folder, FILE_BYTES))
            source.taken = 0
            reading = adapter.read(source, DEFAULT_LIMITS)
            first = next(reading, None)
            taken = source.taken
            allowed = TAKEN_BYTES + 4 * max(map(len, sample.lines))
        if first is None:
            yield Violation("streaming", sample.name, "its lines, repeated, yield no record")
        elif taken > allowed:
            seen = f"the first record came after {taken:,} of {source.size:,} bytes"
            yield Violation("streaming", sample.name, f"{seen}; {allowed:,} are allowed")


def bounded_memory(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Reading a JSON Lines file of 30 MB takes no more memory than 16 MiB and eight of its longest lines."""
    for sample in most_lines(load(samples), 1):
        with workshop() as folder:
            source = source_of(adapter, repeated(sample, folder, FILE_BYTES))
            with _memory() as used:
                for _ in adapter.read(source, DEFAULT_LIMITS):
                    pass
                peak = used()
            allowed = PEAK_BYTES + 8 * max(map(len, sample.lines))
        if peak > allowed:
            seen = f"reading {source.size:,} bytes took {peak:,} bytes of memory"
            yield Violation("bounded_memory", sample.name, f"{seen}; {allowed:,} are allowed")


def long_texts(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Of an output of 8 MiB a draft keeps the beginning and a digest (``soma.text.clip``), not all of it."""
    looked_at = 0
    for sample in load(samples):
        data = _with_a_long_output(adapter, sample) if looked_at < _LOOKED_AT else None
        if data is None:
            continue
        looked_at += 1
        with workshop() as folder:
            path = placed(sample, folder, data)
            attempt(adapter, path)  # what is loaded once must not count
            with _memory() as used:
                out = attempt(adapter, path)
                kept = used(now=True)
        if isinstance(out, Broke):
            yield Violation("long_texts", sample.name, f"a text of {TEXT_BYTES:,} bytes: {out.what}")
        elif kept > KEPT_BYTES + len(sample.data) * 4:
            seen = f"{kept:,} bytes are kept of a text of {TEXT_BYTES:,} bytes"
            yield Violation("long_texts", sample.name, f"{seen}; {KEPT_BYTES:,} are allowed")


class _Used:
    def __init__(self) -> None:
        self._before = tracemalloc.get_traced_memory()[0]

    def __call__(self, *, now: bool = False) -> int:
        current, peak = tracemalloc.get_traced_memory()
        return (current if now else peak) - self._before


@contextlib.contextmanager
def _memory() -> Iterator[_Used]:
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    tracemalloc.reset_peak()
    try:
        yield _Used()
    finally:
        if not running:
            tracemalloc.stop()


def _with_a_long_output(adapter: Adapter, sample: Sample) -> bytes | None:
    """The sample with one output made very long; ``None`` when no output is found as a text of its own."""
    if not sample.is_json or len(sample.data) > MIB:
        return None
    out = read(adapter, sample.path)
    outputs = {d.output for execution in out.executions for d in execution.decisions if d.output and len(d.output) > 2}
    lines = sample.lines or [sample.data]
    for number, line in enumerate(lines):
        try:
            value = codec.decode(line)
        except codec.Undecodable:
            continue
        if _lengthen(value, outputs):
            lines[number] = codec.encode(value).encode()
            return b"".join(line + b"\n" for line in lines)
    return None


def _lengthen(value: Any, outputs: set[str]) -> bool:
    pending = [value]
    while pending:
        container = pending.pop()
        items = container.items() if isinstance(container, dict) else enumerate(container)
        for key, item in items:
            if isinstance(item, str) and item in outputs:
                container[key] = item + " " + "lorem ipsum " * (TEXT_BYTES // 12)
                return True
            if isinstance(item, dict | list):
                pending.append(item)
    return False
