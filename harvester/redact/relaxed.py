"""Patterns of the rules as engines understand them that look at a text in time linear in its length."""

from __future__ import annotations

import re

_ASSERTION = re.compile(r"\(\?<?[!=](?:[^()\[\]\\]|\\.|\[(?:[^\]\\]|\\.)*\])*\)")
_PIECE = re.compile(
    r"""(?x) (?P<class>\[\^?(?:\\.|[^\]\\])+\]) | (?P<group>\(\?P<\w+>) | (?P<escape>\\.)
      | \{(?P<least>\d+),\d+\}\+?"""
)
_NOT_ASCII = r"\x{80}-\x{10FFFF}"
_WIDE = {r"\w": "0-9A-Za-z_" + _NOT_ASCII, r"\d": "0-9" + _NOT_ASCII, r"\s": r"\x00-\x20" + _NOT_ASCII}
_NARROW = {r"\s": r" \t\n\r\f\v", r"\d": "0-9", r"\w": "0-9A-Za-z_"}


def relaxed(pattern: str) -> str:
    r"""A pattern that RE2 and Hyperscan understand and that matches wherever ``pattern`` does.

    What only forbids is left out (assertions, upper bounds, possession). The engines do not agree about ``\w``, ``\d``
    and ``\s`` beyond ASCII, so these take in all of it. They do not agree about case there either: patterns that ignore
    case are not for this.

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
