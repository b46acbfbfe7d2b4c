"""Words and pairs of words of texts in a fixed number of columns, the same in every process."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from soma.identity import digest

WIDTH = 256
_LOOKED_AT = 1500
_LEAST, _MOST = 2, 30
_WORD = re.compile(r"[A-Za-z_]+|\d+|[^\w\s]")
_CACHED = 1 << 18


def hashed(fields: Iterable[tuple[str, str]]) -> list[float]:
    """The fields' words and pairs of neighbouring words, counted in ``WIDTH`` columns.

    Every field is looked at up to 1,500 characters; numbers count as one word, since ids and amounts tell nothing on
    another task. A count is damped, ``ln(1 + n)``, and signed by its hash, so that two words that share a column do not
    always add up (Weinberger et al. 2009). The row has length 1, so that long texts do not outweigh the rest.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for name, said in fields:
        counts.update((name, token) for token in _tokens(said[:_LOOKED_AT]))
    row = [0.0] * WIDTH
    for (name, token), many in sorted(counts.items()):
        column, sign = _column(name, token)
        row[column] += sign * math.log1p(many)
    size = math.sqrt(math.fsum(value * value for value in row))
    return [value / size for value in row] if size else row


def _tokens(said: str) -> Sequence[str]:
    words = ["0" if word[0].isdigit() else word.lower()[:_MOST] for word in _WORD.findall(said)]
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


@lru_cache(maxsize=_CACHED)
def _column(name: str, token: str) -> tuple[int, float]:
    number = int(digest(f"{name}\x1f{token}"), 16)
    return (number >> 1) % WIDTH, 1.0 if number & 1 else -1.0
