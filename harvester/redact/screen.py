"""Which of many texts may hold a secret: one native look at all of them, so that Python looks at few.

The screen is made of regular expressions, one of which matches wherever any rule would find something, and more: they
are made of the rules' own patterns with everything taken out that only narrows them. What they let by holds nothing, so
that looking at the rest gives what looking at everything would.

RE2 is always there, but forgets between two calls what it made of an expression. Hyperscan, where it is installed,
does not; having it compile the expressions only pays for who looks at much.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import Any

from soma import codec

from . import blocks, context, headers
from .relaxed import relaxed
from .rules import EMAIL, PHONE, SIGNED, TOKENS, URL_SCREEN
from .scan import Scanner, compiled

_COUNTED = re.compile(r"(?<!\\x)\{(\d+),?\}")
_ENOUGH = 8
"""Longer repetitions narrow a first look of RE2 hardly any further, and each of them is a state of its own."""
_MARKER = r"\[REDACTED:"
MUCH = 16 << 20
"""So many characters RE2 looks through in less than half the time in which Hyperscan compiles the expressions."""


class Look(IntEnum):
    """How closely a text has to be looked at."""

    NONE = 0
    """It holds nothing, no marker either."""
    CONTEXT = 1
    """It may hold a marker or a secret that is known by what stands around it, but none that has a shape of its own."""
    ALL = 2


class Screen:
    """Tells how closely texts have to be looked at.

    Args:
        emails: Addresses count too.
        phones: Telephone numbers count too.
        compiled_after: Characters of text after which Hyperscan takes over, where it is installed; ``None`` for never.
    """

    def __init__(self, *, emails: bool = False, phones: bool = False, compiled_after: int | None = MUCH) -> None:
        self._options = emails, phones
        self._left = compiled_after

    def looks(self, texts: Sequence[str]) -> list[Look]:
        """How closely each text has to be looked at."""
        if self._left is not None:
            self._left -= sum(map(len, texts))
            if self._left < 0 and (one_pass := scanner(*self._options)) is not None:
                return one_pass.levels(_column(texts))
        # Tools say the same again and again. Telling costs as much as Hyperscan's look, but a tenth of RE2's.
        different = list(dict.fromkeys(texts))
        found = _by_re2(_column(different), *self._options)
        if len(different) == len(texts):
            return found
        known = dict(zip(different, found, strict=True))
        return [known[text] for text in texts]


def _column(texts: Sequence[str]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        # Half a character is one more that is not ASCII, and the screen tells none of those from another.
        return pa.array([codec.plain(text) for text in texts], pa.large_string())


def _by_re2(column: Any, emails: bool, phones: bool) -> list[Look]:
    import pyarrow.compute as pc

    found = [Look.NONE] * len(column)
    patterns = [(Look.CONTEXT, "|".join(surroundings(emails, phones))), *((Look.ALL, some) for some in _few_states())]
    for look, pattern in patterns:
        for place in pc.indices_nonzero(pc.match_substring_regex(column, pattern)).to_pylist():
            found[place] = look
    return found


@cache
def scanner(emails: bool, phones: bool) -> Scanner[Look] | None:
    """All expressions, compiled once in a process; ``None`` where Hyperscan is not installed."""
    around = [(Look.CONTEXT, pattern) for pattern in surroundings(emails, phones)]
    return compiled([*around, *((Look.ALL, pattern) for pattern in shapes())], Look.NONE)


@cache
def shapes() -> tuple[str, ...]:
    """Match, one or the other, in every text that holds a secret with a shape of its own."""
    return *(relaxed(rule.screen or rule.pattern) for rule in TOKENS), *map(re.escape, SIGNED.hints)


@cache
def surroundings(emails: bool, phones: bool) -> tuple[str, ...]:
    """Match, one or the other, in every text that holds any other secret, or a marker."""
    rules = (*((EMAIL,) if emails else ()), *((PHONE,) if phones else ()))
    patterns = [*(rule.pattern for rule in rules), *(pattern.pattern for pattern, _ in headers.COMMANDS)]
    return *map(relaxed, patterns), URL_SCREEN, blocks.SCREEN, context.SCREEN, headers.SCREEN, _MARKER


@cache
def _few_states() -> tuple[str, ...]:
    """``shapes`` in few expressions with few states, as RE2 needs it.

    Together with ``surroundings`` they would have a state for every pair of their states: far more than fit into the
    memory that RE2 keeps them in, and a third of the speed. A shape that begins with a dot stands alone: dots are found
    by plain search, but would wake the others everywhere.
    """
    dotted = [pattern for pattern in shapes() if pattern.startswith(r"\.")]
    others = [_COUNTED.sub(_shortened, pattern) for pattern in shapes() if pattern not in dotted]
    return "|".join(others), *dotted


def _shortened(count: re.Match[str]) -> str:
    return f"{{{_ENOUGH},}}" if int(count[1]) > _ENOUGH else count[0]
