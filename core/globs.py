"""Globs with ``*`` and ``?`` alone: patterns people can read, and that no hostile text can make slow."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """``pattern`` as a regular expression that ``match`` holds against a whole text; ``[`` stands for itself."""
    # The translation of fnmatch takes each piece between stars once and for all: no backtracking from piece to piece.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


def any_of(patterns: Sequence[str], text: str) -> bool:
    """Whether one of ``patterns`` matches the whole of ``text``; case matters."""
    return any(glob(pattern).match(text) for pattern in patterns)
