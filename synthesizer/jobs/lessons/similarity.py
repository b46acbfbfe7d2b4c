"""How alike two error texts are, whatever paths and numbers stand in them."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from soma.synthesizer.error_text import telling_line

_LONGEST = 400
_CHANGING = re.compile(r"(?:[\w.~-]*/)+[\w.~-]*|(?<![0-9])(?![45][0-9]{2}(?![0-9]))[0-9]+")
_WORD = re.compile(r"[^\W_]+")


def similarity(first: str, second: str) -> float:
    """Cosine of the sets of character trigrams: ``|A ∩ B| / sqrt(|A| · |B|)``, 0 to 1.

    Of each text the line that tells, without paths and numbers; trigrams as PostgreSQL's pg_trgm makes them: of every
    word in lower case, two blanks in front and one behind. The cosine (Ochiai, *Bulletin of the Japanese Society of
    Scientific Fisheries* 22 (1957) 526-530) rather than Jaccard, because one text is often much shorter than the other.
    """
    mine, other = _trigrams(first), _trigrams(second)
    if not mine or not other:
        return 0.0
    return len(mine & other) / math.sqrt(len(mine) * len(other))


@lru_cache(maxsize=4096)
def _trigrams(text: str) -> frozenset[str]:
    line = telling_line(text)[:_LONGEST].casefold()
    words = _WORD.findall(_CHANGING.sub(" ", line)) or _WORD.findall(line)
    return frozenset(
        padded[at : at + 3] for word in words for padded in [f"  {word} "] for at in range(len(padded) - 2)
    )
