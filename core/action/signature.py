"""The path of an execution in one line: ``exec:himalaya → process:poll[2] → write:inbox[5]``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

SIGNATURE_ITEMS = 64
_ARROW = " → "
_COUNTER = re.compile(r"(?<=\w)[_-]\d+\Z")


@lru_cache(maxsize=8192)
def uncounted(action: str) -> str:
    """An action without its numeric suffix, which does not tell two actions apart."""
    return _COUNTER.sub("", action)


def collapsed(actions: Iterable[str]) -> list[tuple[str, int]]:
    """Actions in order, each with how often it follows itself; numeric suffixes do not tell two actions apart."""
    runs: list[tuple[str, int]] = []
    for action in actions:
        name = uncounted(action)
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    return runs


def signature(actions: Iterable[str]) -> str:
    """The collapsed path as text: at most 64 items, and how many more there are."""
    runs = collapsed(actions)
    shown = [name if times == 1 else f"{name}[{times}]" for name, times in runs[:SIGNATURE_ITEMS]]
    rest = len(runs) - len(shown)
    return _ARROW.join([*shown, f"… (+{rest})"] if rest else shown)
