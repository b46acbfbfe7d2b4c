"""Broken and hostile variants of sample files, the same ones for the same seed.

A mutant is made by one to four changes: of JSON values (other types, huge numbers, grafted ids, deep nesting, lone
surrogates), of lines (twice, gone, out of order, glued together), or of bytes (flipped, cut, inserted, NUL). What lies
inside of databases and archives is changed too: see ``containers``.

    python -m soma.testing.mutate FORMAT SAMPLE... --runs 100000

feeds mutants to an adapter until the runs are done, and says what broke it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .byte_mutations import BYTES, LINES
from .containers import change_inside
from .draw import Draw, draw_of
from .json_mutations import change_json, thinned

_SMALL = 16 * 1024
_LARGEST = 96 * 1024
_THINNED = 0.9
_CHANGES = 4


class Mutant(NamedTuple):
    """A variant of a sample.

    Attributes:
        number: Its place in the sequence; with the seed it makes the same mutant again.
        sample: Index of the sample it was made of.
        data: Its bytes.
        how: The changes that made it.
    """

    number: int
    sample: int
    data: bytes
    how: str


def mutants(samples: Sequence[bytes], runs: int, seed: int = 0, first: int = 0) -> Iterator[Mutant]:
    """``runs`` mutants of the samples, small samples more often than large ones.

    Args:
        samples: Contents of sample files.
        runs: How many.
        seed: Another seed gives other mutants.
        first: Number of the first one, to begin in the middle of a long sequence.
    """
    usable = [number for number, data in enumerate(samples) if data]
    weights = [1 / (_SMALL + len(samples[number])) for number in usable]
    for number in range(first, first + runs):
        draw = draw_of(seed, number)
        chosen = draw.choices(usable, weights)[0]
        data, how = samples[chosen], []
        if len(data) > _SMALL and draw.random() < _THINNED:
            data = _excerpt(data, draw) if _is_lines(data) else thinned(data, draw)
        for _ in range(draw.randint(1, _CHANGES)):
            data, what = _changed(data, draw)
            how.append(what)
        yield Mutant(number, chosen, data, ", ".join(how))


def _changed(data: bytes, draw: Draw) -> tuple[bytes, str]:
    if (inside := change_inside(data, draw)) is not None:
        return inside, "a value inside"
    kind = draw.random()
    if kind < 0.6 and (changed := change_json(data, draw)) is not None:
        return changed
    change = draw.choice(LINES if kind < 0.8 and b"\n" in data else BYTES)
    return change(data, draw), change.__name__.replace("_", " ").strip()


def _is_lines(data: bytes) -> bool:
    first, _, rest = data.partition(b"\n")
    return bool(rest) and first.lstrip().startswith(b"{") and first.rstrip().endswith(b"}")


def _excerpt(data: bytes, draw: Draw) -> bytes:
    """Some lines in a row out of a long file of lines."""
    lines = data.splitlines(keepends=True)
    start = draw.randrange(len(lines)) if draw.random() < 0.5 else 0
    taken: list[bytes] = []
    size = 0
    for line in lines[start:]:
        taken.append(line)
        size += len(line)
        if size > _LARGEST:
            break
    return b"".join(taken)
