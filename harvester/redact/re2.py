"""Which of many texts may hold a secret, by RE2: it comes with Arrow, but forgets its states after every call."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from .expressions import shapes, surroundings
from .look import Look

_COUNTED = re.compile(r"(?<!\\x)\{(\d+),?\}")
_ENOUGH = 8
"""Longer repetitions narrow a first look hardly any further, and each of them is a state of its own."""
_DOT = r"\."


def looks(column: Any, emails: bool, phones: bool) -> list[Look]:
    """How closely each text has to be looked at; ``column`` is an Arrow array of texts without nulls."""
    import pyarrow.compute as pc

    found = [Look.NONE] * len(column)
    around = "|".join(pattern for _, pattern in surroundings(emails, phones))
    for look, pattern in ((Look.CONTEXT, around), *((Look.SHAPES, some) for some in _few_states())):
        for place in pc.indices_nonzero(pc.match_substring_regex(column, pattern)).to_pylist():
            found[place] |= look
    return found


@cache
def _few_states() -> tuple[str, ...]:
    """``shapes`` in few expressions with few states.

    Together with ``surroundings`` they would have a state for every pair of their states: far more than fit into the
    memory that RE2 keeps them in, and a third of the speed. A shape that has nothing but its dots to be known by stands
    alone and from the first of them on: dots are found by plain search, but would wake the others everywhere.
    """
    dotted = [pattern[pattern.index(_DOT) :] for pattern, hints in shapes().items() if hints == (".",)]
    others = [_COUNTED.sub(_shortened, pattern) for pattern, hints in shapes().items() if hints != (".",)]
    return "|".join(others), *dotted


def _shortened(count: re.Match[str]) -> str:
    return f"{{{_ENOUGH},}}" if int(count[1]) > _ENOUGH else count[0]
