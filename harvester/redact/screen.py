"""Which of many texts may hold a secret: a few native passes over all of them, so that Python looks at few.

The screen is made of regular expressions for RE2, whose time is linear in the text whatever the text. One of them
matches wherever any rule would find something, and more: they are made of the rules' own patterns with everything
taken out that only narrows them. What they let by holds nothing, so that looking at the rest gives what looking at
everything would.

Several expressions, since one of all would have a state for every pair of their states: far more than fit into the
memory that RE2 keeps them in, and a third of the speed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import cache

from soma import codec

from . import blocks, context, headers
from .rules import EMAIL, PHONE, SIGNED, TOKENS, URL_SCREEN

_ASSERTION = re.compile(r"\(\?<?[!=](?:[^()\[\]\\]|\\.|\[(?:[^\]\\]|\\.)*\])*\)")
_PIECE = re.compile(
    r"""(?x) (?P<class>\[\^?(?:\\.|[^\]\\])+\]) | (?P<group>\(\?P<\w+>) | (?P<escape>\\.)
      | \{(?P<least>\d+),\d+\}\+?"""
)
_COUNTED = re.compile(r"(?<!\\x)\{(\d+),?\}")
_ENOUGH = 8
"""Longer repetitions narrow a first look hardly any further, and each of them is a state of its own."""
_NOT_ASCII = r"\x{80}-\x{10FFFF}"
_WIDE = {r"\w": "0-9A-Za-z_" + _NOT_ASCII, r"\d": "0-9" + _NOT_ASCII, r"\s": r"\x00-\x20" + _NOT_ASCII}
_NARROW = {r"\s": r" \t\n\r\f\v", r"\d": "0-9", r"\w": "0-9A-Za-z_"}


class Look(IntEnum):
    """How closely a text has to be looked at."""

    NONE = 0
    """It holds nothing."""
    CONTEXT = 1
    """It may hold a secret that is known by what stands around it, but none that has a shape of its own."""
    ALL = 2


def looks(texts: Sequence[str], *, emails: bool = False, phones: bool = False) -> list[Look]:
    """How closely each text has to be looked at; markers in them do not matter.

    Args:
        texts: The texts.
        emails: Addresses count too.
        phones: Telephone numbers count too.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        column = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        # Half a character is one more that is not ASCII, and the screen tells none of those from another.
        column = pa.array([codec.plain(text) for text in texts], pa.large_string())
    found = [Look.NONE] * len(texts)
    patterns = [(Look.CONTEXT, surroundings(emails, phones)), *((Look.ALL, shape) for shape in shapes())]
    for look, pattern in patterns:
        for place in pc.indices_nonzero(pc.match_substring_regex(column, pattern)).to_pylist():
            found[place] = look
    return found


@cache
def shapes() -> tuple[str, ...]:
    """Match, one or the other, in every text that holds a secret with a shape of its own, in RE2's syntax.

    A shape that begins with a dot stands alone: dots are found by plain search, but would wake the others everywhere.
    """
    patterns = [relaxed(rule.screen or rule.pattern) for rule in TOKENS]
    dotted = [pattern for pattern in patterns if pattern.startswith(r"\.")]
    others = [_COUNTED.sub(_shortened, pattern) for pattern in patterns if pattern not in dotted]
    return "|".join([*others, *map(re.escape, SIGNED.hints)]), *dotted


def _shortened(count: re.Match[str]) -> str:
    return f"{{{_ENOUGH},}}" if int(count[1]) > _ENOUGH else count[0]


@cache
def surroundings(emails: bool = False, phones: bool = False) -> str:
    """Matches in every text that holds any other secret, in RE2's syntax."""
    rules = (*((EMAIL,) if emails else ()), *((PHONE,) if phones else ()))
    patterns = [*(rule.pattern for rule in rules), *(pattern.pattern for pattern, _ in headers.COMMANDS)]
    return "|".join([*map(relaxed, patterns), URL_SCREEN, blocks.SCREEN, context.SCREEN, headers.SCREEN])


def relaxed(pattern: str) -> str:
    r"""A pattern that RE2 understands and that matches wherever ``pattern`` does.

    What only forbids is left out (assertions, upper bounds, possession). The two engines do not agree about ``\w``,
    ``\d`` and ``\s`` beyond ASCII, so these take in all of it. They do not agree about case there either: patterns that
    ignore case are not for this.

    Examples:
        >>> relaxed(r"(?<!\d)tok_[a-z]{20,40}(?![a-z])")
        'tok_[a-z]{20,}'
    """
    return _PIECE.sub(_relaxed, _ASSERTION.sub("", pattern))


def _relaxed(piece: re.Match[str]) -> str:
    if inside := piece["class"]:
        # A class of what is excluded must exclude less, any other must include more.
        words = _NARROW if inside.startswith("[^") else _WIDE
        return re.sub(r"\\[wds]", lambda word: words[word[0]], inside)
    if piece["group"]:
        return "(?:"
    if escape := piece["escape"]:
        return "" if escape == r"\b" else f"[{_WIDE[escape]}]" if escape in _WIDE else escape
    return f"{{{piece['least']},}}"
