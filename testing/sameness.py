"""Is the same thing the same tomorrow: read again, elsewhere, as a copy, in another order, or after it has grown?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from soma import codec
from soma.adapters.contract import Adapter

from .comparison import calls, difference, first_missing, unplaced
from .reading import Broke, attempt, read
from .samples import Sample, load, most_lines, placed, workshop
from .violation import Violation

_LOOKED_AT = 4
_CUTS = 40
_LARGEST = 1 << 20


def idempotence(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Reading a file again yields equal drafts, and no execution twice."""
    for sample in load(samples):
        first, second = read(adapter, sample.path), read(adapter, sample.path)
        if found := difference(first, second):
            yield Violation("idempotence", sample.name, f"read twice: {found}")
        repeats = sorted({one for one, next_ in zip(first.ids, first.ids[1:], strict=False) if one == next_})
        if repeats:
            yield Violation("idempotence", sample.name, f"execution {repeats[0]!r} comes more than once in one reading")


def identity(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Ids come from the content: a file that is moved, renamed or copied keeps them."""
    for sample in load(samples):
        here = read(adapter, sample.path)
        with workshop() as folder:
            moved = placed(sample, folder)
            renamed = placed(sample, folder, name=f"copy-of-{sample.name}")
            for what, path in (("at another place", moved), ("under another name", renamed)):
                there = read(adapter, path)
                if there.ids != here.ids:
                    lost = first_missing(here.ids, there.ids) or first_missing(there.ids, here.ids)
                    yield Violation("identity", sample.name, f"other execution ids {what}: {lost!r}")
                elif calls(there) != calls(here):
                    yield Violation("identity", sample.name, f"other native ids of decisions {what}")
            both = read(adapter, moved, renamed)
        if set(both.ids) != set(here.ids):
            yield Violation("identity", sample.name, "a copy beside it makes other executions of it")


def order_independence(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Sources that are mapped together yield the same drafts in any order."""
    loaded = load(samples)
    with workshop() as folder:
        copies = [placed(sample, folder / str(number)) for number, sample in enumerate(loaded[:_LOOKED_AT])]
        paths = [*(sample.path for sample in loaded), *copies]
        given = read(adapter, *paths)
        half = len(paths) // 2
        orders = {"reversed": paths[::-1], "rotated": paths[half:] + paths[:half], "riffled": paths[::2] + paths[1::2]}
        for how, order in orders.items():
            if found := difference(given, read(adapter, *order)):
                yield Violation("order_independence", "", f"all samples and copies of them, {how}: {found}")


def growth(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """A JSON Lines file that grew line by line is read as if it had been there whole; what it held keeps its ids."""
    for sample in _lined(samples):
        ends = _line_ends(sample.data)
        for end in sorted({ends[len(ends) * step // 5] for step in range(1, 5)}):
            with workshop() as folder:
                # Each time at a place of its own, so that nothing can be remembered from before.
                part = read(adapter, placed(sample, folder / "grown", sample.data[:end]))
                grown = read(adapter, placed(sample, folder / "grown"))
                whole = read(adapter, placed(sample, folder / "whole"))
            at = f"read at byte {end:,} first"
            if found := difference(unplaced(whole), unplaced(grown)):
                yield Violation("growth", sample.name, f"{at}, then whole: {found}")
            if lost := first_missing(part.ids, whole.ids):
                yield Violation("growth", sample.name, f"{at}: execution {lost!r} has another id when it has grown")
            elif calls(part) - calls(whole):
                yield Violation("growth", sample.name, f"{at}: decision {min(calls(part) - calls(whole))!r} is lost")


def torn_tail(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """A JSON Lines file that is cut anywhere is read up to its last whole line; the rest waits for the next harvest."""
    for sample in _lined(samples):
        with workshop() as folder:
            whole = read(adapter, placed(sample, folder))
            for cut in _cuts(sample.data):
                torn = attempt(adapter, placed(sample, folder, sample.data[:cut]))
                at = f"cut at byte {cut:,}"
                if isinstance(torn, Broke):
                    yield Violation("torn_tail", sample.name, f"{at}: {torn.what}")
                    continue
                read_to = max((source.bytes_read for source in torn.sources), default=0)
                if read_to > cut:
                    yield Violation("torn_tail", sample.name, f"{at}: bytes_read is {read_to:,}")
                if torn.decisions > whole.decisions:
                    counts = f"{torn.decisions} decisions, more than the {whole.decisions} of the whole"
                    yield Violation("torn_tail", sample.name, f"{at}: {counts}")
                if lost := first_missing(torn.ids, whole.ids):
                    yield Violation("torn_tail", sample.name, f"{at}: execution {lost!r} is none of the whole file")
                start = _torn_line(sample.data[:cut])
                if start is None:
                    continue
                if read_to != start:
                    places = f"bytes_read is {read_to:,}, the torn line starts at {start:,}"
                    yield Violation("torn_tail", sample.name, f"{at}: {places}")
                if found := difference(torn, read(adapter, placed(sample, folder, sample.data[:start]))):
                    yield Violation(
                        "torn_tail", sample.name, f"{at}: not read as if the torn line were not there: {found}"
                    )


def _lined(samples: Sequence[Path]) -> list[Sample]:
    fit = [sample for sample in load(samples) if len(sample.data) <= _LARGEST and len(sample.lines) > 2]
    return most_lines(fit, _LOOKED_AT)


def _line_ends(data: bytes) -> list[int]:
    return [at + 1 for at, byte in enumerate(data) if byte == 0x0A]


def _cuts(data: bytes) -> list[int]:
    spread = {len(data) * step // _CUTS for step in range(1, _CUTS)}
    near = {end + by for end in _line_ends(data)[:3] for by in (-2, -1, 0, 1)}
    return sorted(cut for cut in spread | near if 0 < cut < len(data))


def _torn_line(data: bytes) -> int | None:
    """Where the torn last line starts; ``None`` when it is whole, or when too few whole lines stand before it."""
    start = data.rfind(b"\n") + 1
    if data.count(b"\n") < 2 or not data[start:].strip():
        return None
    try:
        codec.decode(data[start:])
    except codec.Undecodable:
        return start
    return None
