"""Which of many texts may hold a secret, by the regular expressions of Polars: a few literals in each of many passes.

That engine looks for some twenty literals at the speed of memory, and goes on with an expression only where it finds
one that it begins with. So the expressions are dealt into passes by what they begin with, and what ignores case, which
makes too many literals, is looked for in texts in lower case.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple

from . import context, headers
from .expressions import shapes, surroundings
from .look import Look

_MOST_HINTS = 24
_MANY_LETTERS = 4
_ODD_LETTERS = "ſ|\u212a"
"""Stand for one of ASCII where case is ignored, and are not in its lower case."""
_TOGETHER = 4 << 10
"""Bytes of texts that are looked at as one: less of a short text's time goes into getting at it."""
_AS_IS = "as is"
_LOWERED = "lowered"


class Pass(NamedTuple):
    """What is looked for at once, what a match may mean, and whether texts are looked at as they are or lowered."""

    pattern: str
    look: Look
    view: str = _AS_IS


@cache
def passes(emails: bool, phones: bool) -> tuple[Pass, ...]:
    """Together they match wherever ``shapes`` and ``surroundings`` do."""
    rest: dict[Look, list[str]] = {}
    for look, pattern in surroundings(emails, phones):
        rest.setdefault(look, []).append(pattern)
    del rest[Look.NAMES], rest[Look.HEADERS]
    personal = rest.pop(Look.PERSONAL, [])
    few = reduce(or_, rest)
    short, *words = context.SIEVES
    return (
        *(Pass(pattern, Look.NAMES, _LOWERED) for pattern in words),
        Pass(f"{short}|{_ODD_LETTERS}", Look.NAMES | Look.HEADERS, _LOWERED),
        Pass(headers.SIEVE, Look.HEADERS, _LOWERED),
        Pass(headers.BASIC, Look.HEADERS),
        Pass("|".join(pattern for patterns in rest.values() for pattern in patterns), few),
        *(Pass(pattern, Look.PERSONAL) for pattern in personal),
        *(Pass("|".join(some), Look.SHAPES) for some in _dealt(shapes())),
    )


def _dealt(patterns: dict[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """Patterns that begin with one of their hints, few hints together, those of few letters apart from the others."""
    some: list[str] = []
    letters = hints = 0
    for pattern, begin in sorted(patterns.items(), key=lambda item: min(map(len, item[1]))):
        shortest = min(_MANY_LETTERS, *map(len, begin))
        if some and (shortest != letters or hints + len(begin) > _MOST_HINTS):
            yield some
            some, hints = [], 0
        some.append(pattern)
        letters, hints = shortest, hints + len(begin)
    yield some


def looks(column: Any, emails: bool, phones: bool) -> list[Look]:
    """How closely each text has to be looked at.

    Args:
        column: Arrow array of large strings, not sliced and without nulls, of less than four GiB.
        emails: Addresses count too.
        phones: Telephone numbers count too.
    """
    import pyarrow.compute as pc

    found = [Look.NONE] * len(column)
    if not column.buffers()[2]:
        return found
    lower = pc.ascii_lower(column)
    bounds = _bounds(column)
    asked = passes(emails, phones)
    groups = _matches(asked, _joined(column, bounds), _joined(lower, bounds))
    asked = tuple(one for one in asked if groups[one])
    if asked:
        near = sorted(set().union(*groups.values()))
        places = [place for group in near for place in range(bounds[group], bounds[group + 1])]
        for one, matching in _matches(asked, column.take(places), lower.take(places)).items():
            for at in matching:
                found[places[at]] |= one.look
    return found


def _matches(asked: tuple[Pass, ...], as_is: Any, lowered: Any) -> dict[Pass, list[int]]:
    """Places of the texts that match; one query, for it takes as long to begin one as to look at some hundred KB."""
    import numpy as np
    import polars as pl

    texts = pl.DataFrame({_AS_IS: pl.from_arrow(as_is), _LOWERED: pl.from_arrow(lowered)})
    told = texts.select(pl.col(one.view).str.contains(one.pattern).alias(one.pattern) for one in asked)
    return {one: np.flatnonzero(told[one.pattern].to_numpy()).tolist() for one in asked}


def _bounds(column: Any) -> Any:
    """Where each group of texts begins, and where the last one ends."""
    import numpy as np

    starts = np.frombuffer(column.buffers()[1], np.int64)[: len(column)]
    return np.append(np.flatnonzero(np.diff(starts // _TOGETHER, prepend=-1)), len(column))


def _joined(column: Any, bounds: Any) -> Any:
    """The same bytes as fewer and longer texts."""
    import numpy as np
    import pyarrow as pa

    _, offsets, data = column.buffers()
    starts = pa.py_buffer(np.frombuffer(offsets, np.int64)[bounds])
    return pa.Array.from_buffers(column.type, len(bounds) - 1, [None, starts, data])
