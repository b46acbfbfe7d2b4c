"""Private keys: blocks of many lines, whole, cut at either end, and with their line ends escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .rules import Span

HINT = "-----"
SCREEN = "PRIVATE KEY(?: BLOCK)?-----"
"""Matches, in RE2's syntax, wherever a line begins or ends such a block."""

_MAX_BLOCK = 16 * 1024
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_FOLLOWS = re.compile(
    r"(?:\s|\\+[nrt]|[\"'+,.|>-]){0,64}+(?:[A-Za-z0-9+/=]{16}|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset):)"
)
_BODY = re.compile(
    rf"(?:\s|\\+[nrt]|[\"'+,|>]|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset):[^\n\\]{{0,120}}|[A-Za-z0-9+/=])"
    rf"{{0,{_MAX_BLOCK}}}+"
)
_TAIL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\\n\r")
_MIN_TAIL = 32


def private_keys(text: str) -> Iterator[Span]:
    """Every private key block; where one end is cut off it reaches as far as the text looks like a key."""
    done = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < done or not _KEY_FOLLOWS.match(text, begin.end()):
            continue
        body = _BODY.match(text, begin.end())
        reached = body.end() if body else begin.end()
        end = _END.match(text, reached)
        done = end.end() if end else len(text[:reached].rstrip())
        yield begin.start(), done, "private-key"
    for end in _END.finditer(text):
        if end.start() < done:
            continue
        start = end.start()
        floor = max(0, done, start - _MAX_BLOCK)
        while start > floor and text[start - 1] in _TAIL:
            start -= 1
        if end.start() - start >= _MIN_TAIL:
            yield start, end.end(), "private-key"
        done = end.end()
