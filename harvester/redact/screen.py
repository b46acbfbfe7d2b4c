"""Which of many texts may hold a secret: one native look at all of them, so that Python looks at few.

What it lets by holds nothing, so that looking at the rest gives what looking at everything would. RE2 is always there
and ready; Polars looks several times as fast, but has to be loaded. Hyperscan, where it is installed, is twice as fast
again and compiles the expressions for longer. So what looks at little does so with RE2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, get_args

from soma import codec

from . import re2, sieve
from .expressions import shapes, surroundings
from .look import Look
from .scan import Scanner, compiled

MUCH = 16 << 20
"""So many characters RE2 looks through about as quickly as Polars is loaded, or half of Hyperscan compiled."""
_MOST_BYTES = 1 << 30
"""Polars counts those of a buffer in 32 bits."""


Engine = Literal["re2", "polars", "hyperscan"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class Screen:
    """Tells how closely texts have to be looked at.

    Args:
        emails: Addresses count too.
        phones: Telephone numbers count too.
        only: The engine that looks; without it RE2 looks at the first ``MUCH`` characters, then the quickest there is.
    """

    def __init__(self, *, emails: bool = False, phones: bool = False, only: Engine | None = None) -> None:
        self._options = emails, phones
        self._only = only
        self._left = MUCH

    @property
    def is_quick(self) -> bool:
        """Whether even a few texts are looked at quickly: RE2 makes its expressions anew each time."""
        return self._left < 0 if self._only is None else self._only != "re2"

    def looks(self, texts: Sequence[str]) -> list[Look]:
        """How closely each text has to be looked at."""
        engine = self._only or self._quickest(texts)
        if engine == "hyperscan" and (one_pass := scanner(*self._options)) is not None:
            return one_pass.looks(_column(texts))
        # Tools say the same again and again. Telling costs as much as Hyperscan's look, but a tenth of the others'.
        different = list(dict.fromkeys(texts))
        column = _column(different)
        look = re2.looks if engine == "re2" or column.nbytes > _MOST_BYTES else sieve.looks
        found = look(column, *self._options)
        if len(different) == len(texts):
            return found
        known = dict(zip(different, found, strict=True))
        return [known[text] for text in texts]

    def _quickest(self, texts: Sequence[str]) -> Engine:
        if self._left >= 0:
            self._left -= sum(map(len, texts))
        return "re2" if self._left >= 0 else "hyperscan"


def _column(texts: Sequence[str]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        # Half a character is one more that is not ASCII, and the screen tells none of those from another.
        return pa.array([codec.plain(text) for text in texts], pa.large_string())


@cache
def scanner(emails: bool, phones: bool) -> Scanner | None:
    """All expressions, compiled once in a process; ``None`` where Hyperscan is not installed."""
    return compiled([*surroundings(emails, phones), *((Look.SHAPES, pattern) for pattern in shapes())])
