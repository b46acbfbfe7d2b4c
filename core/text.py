"""Bounding text: long outputs are cut as soon as they are read, but stay comparable by the digest of the whole."""

from __future__ import annotations

from hashlib import sha256

CLIP_CHARS = 13 * 1024
"""More than any column keeps, plus room to see the whole of a secret that straddles a column's bound.

No more than that: what one source holds of texts is in memory until it is read.
"""


_AT_ONCE = 1 << 20


class Clipped(str):
    """The beginning of a long text that remembers the digest of the whole."""

    __slots__ = ("whole",)
    whole: bytes


def clip(text: str) -> str:
    """``text`` if it is short, else its first ``CLIP_CHARS`` characters with the digest of the whole."""
    if len(text) <= CLIP_CHARS:
        return text
    clipped = Clipped(text[:CLIP_CHARS])
    clipped.whole = _digest(text)
    return clipped


def whole(text: str) -> bytes:
    """SHA-256 of the text ``clip`` was given."""
    if isinstance(text, Clipped):
        return text.whole
    if len(text) <= _AT_ONCE:
        return sha256(text.encode("utf-8", "replace")).digest()
    return _digest(text)


def _digest(text: str) -> bytes:
    # A huge text is not encoded at once: that would take its size again.
    state = sha256()
    for start in range(0, len(text), _AT_ONCE):
        state.update(text[start : start + _AT_ONCE].encode("utf-8", errors="replace"))
    return state.digest()
