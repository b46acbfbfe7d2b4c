"""Words of a bounded piece of text, fast: bytes in, a list of lower-case words out."""

from __future__ import annotations

from soma.pressure.constants import INTENT_WORDS

_LEAST = 4


def _kept(code: int) -> int:
    if 65 <= code <= 90:
        return code + 32
    return code if 97 <= code <= 122 or 48 <= code <= 57 or code >= 128 else 32


# One pass makes letters small and everything that is no letter, digit or byte of another script a blank.
_TABLE = bytes(map(_kept, range(256)))

HEDGES: frozenset[bytes] = frozenset(
    b"maybe perhaps possibly probably presumably apparently supposedly might could seems seem appears likely unlikely "
    b"unsure uncertain unclear unknown confusing confused strange weird odd ambiguous guess guessing suspect assume "
    b"assuming hopefully somehow roughly approximately depends hmm wait actually oops sorry unfortunately".split()
)
"""English words that hedge (the core of the lexicon of Hyland 1998) or break off a thought (``wait``, ``actually``)."""


def words_of(text: str) -> list[bytes]:
    """The words of ``text`` in order, lower-case, without punctuation. Bound the text before: the cost is linear."""
    return text.encode("utf-8", "replace").translate(_TABLE).split()


def intent_of(text: str) -> list[bytes]:
    """The first ``INTENT_WORDS`` different words of a task text that are long enough to mean something."""
    found: dict[bytes, None] = {}
    for word in words_of(text[: INTENT_WORDS * 32]):
        if len(word) >= _LEAST:
            found[word] = None
            if len(found) == INTENT_WORDS:
                break
    return list(found)
