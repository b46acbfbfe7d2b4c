"""Which of many texts may hold a secret: one native look at all of them, so that Python looks at few.

What it lets by holds nothing, so that looking at the rest gives what looking at everything would. RE2 is always there
and ready, but forgets its states between two calls. Hyperscan, where it is installed, does not; having it compile the
expressions only pays for a process that looks at much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, get_args

from soma import codec

from . import re2
from .expressions import shapes, surroundings
from .look import Look
from .scan import Scanner, compiled

MUCH = 16 << 20
"""So many characters RE2 looks through in less than half the time in which Hyperscan compiles the expressions."""


Engine = Literal["re2", "hyperscan"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class _Process:
    """Characters that all screens of this process have looked at: what one of them loads, it loads for all."""

    looked_at = 0


class Screen:
    """Tells how closely texts have to be looked at.

    Args:
        emails: Addresses count too.
        phones: Telephone numbers count too.
        only: The engine that looks; without it RE2 looks at the first ``MUCH`` characters of the process, then
            Hyperscan where it is installed.
    """

    def __init__(self, *, emails: bool = False, phones: bool = False, only: Engine | None = None) -> None:
        self._options = emails, phones
        self._only = only

    @property
    def is_quick(self) -> bool:
        """Whether even a few texts are looked at quickly: RE2 makes its expressions anew each time."""
        return self._scanner() is not None

    def looks(self, texts: Sequence[str]) -> list[Look]:
        """How closely each text has to be looked at."""
        _Process.looked_at += sum(map(len, texts))
        if (one_pass := self._scanner()) is not None:
            return one_pass.looks(_column(texts))
        # Tools say the same again and again. Telling costs as much as Hyperscan's look, but a tenth of RE2's.
        different = list(dict.fromkeys(texts))
        found = re2.looks(_column(different), *self._options)
        if len(different) == len(texts):
            return found
        known = dict(zip(different, found, strict=True))
        return [known[text] for text in texts]

    def _scanner(self) -> Scanner | None:
        engine = self._only or ("hyperscan" if _Process.looked_at > MUCH else "re2")
        return scanner(*self._options) if engine == "hyperscan" else None


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
