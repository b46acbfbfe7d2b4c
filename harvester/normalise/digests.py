"""Keyed digests of many texts: equal where the texts are, and telling nothing to who has not the key."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from soma import text

_SHORT = 256
_KEPT = 16 * 1024


class Digests:
    """What ``soma.identity.digest`` makes of the SHA-256 of each text, keyed.

    Args:
        key: The vault's secret key, 16 to 64 bytes.
    """

    def __init__(self, key: bytes) -> None:
        # Taking in the key costs as much as a short text does; copies have done so already.
        self._keyed = blake2b(key=key, digest_size=8)
        self._known: dict[str, str] = {}

    def of(self, texts: Sequence[str | None]) -> list[str | None]:
        """The digest of each text that there is; of a clipped one that of the whole."""
        known, copy, whole = self._known, self._keyed.copy, text.whole
        digests: list[str | None] = []
        for value in texts:
            if value is None:
                digests.append(None)
                continue
            # Commands, their arguments and short answers are told over and over.
            is_short = len(value) <= _SHORT
            digest = known.get(value) if is_short else None
            if digest is None:
                state = copy()
                state.update(whole(value))
                digest = state.hexdigest()
                if is_short:
                    if len(known) >= _KEPT:
                        known.clear()
                    known[value] = digest
            digests.append(digest)
        return digests
