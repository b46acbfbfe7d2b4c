"""The exit code that OpenHands' shell writes below what a command printed."""

from __future__ import annotations

import re

from soma.model import Outcome

_CODE = re.compile(r"\[(?:The c|C)ommand (?:completed|finished) with exit code (-?\d{1,10})\.?\]")
_NO_END = re.compile(r"\[The command (?:timed out|has no new output) after ")
_TAIL = 4096


def by_exit_code(text: str) -> Outcome | None:
    """The outcome the last exit code in ``text`` tells; ``None`` where there is none."""
    tail = text[-_TAIL:]
    if _NO_END.search(tail):
        return "timeout"
    codes = _CODE.findall(tail)
    if not codes:
        return None
    return "ok" if int(codes[-1]) == 0 else "failed"
