"""What makes a source, an execution, a decision the same one tomorrow: ids and digests, all pure functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@#~+-]{0,119}\Z")
_ALL_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._:/@#~+-]{0,119}\n)*+\Z")
_REVISION_BITS = 63


def digest(text: str | bytes, *, key: bytes = b"", size: int = 8) -> str:
    """Hex BLAKE2b of ``text``, ``2 * size`` characters; keyed when ``key`` is given (RFC 7693)."""
    data = text.encode("utf-8", errors="replace") if isinstance(text, str) else text
    return hashlib.blake2b(data, key=key, digest_size=size).hexdigest()


def source_id(path: str) -> str:
    """Id of a source: known by its absolute path, so that a grown file stays the same source."""
    return "src-" + digest(path)


def qualified(prefix: str, native: object) -> str:
    """``prefix:native`` when the native id is short and plain, else ``prefix:`` and its digest.

    Frameworks write ids of any kind; a digest keeps those that could be a path, a query or markup from travelling on.
    """
    text = str(native)
    return f"{prefix}:{text}" if _PLAIN.match(text) and ".." not in text else f"{prefix}:{digest(text, size=12)}"


def are_plain(natives: Sequence[str]) -> bool:
    """Whether ``qualified`` keeps all of these native ids as they are."""
    lines = "\n".join([*natives, ""])
    return _ALL_PLAIN.match(lines) is not None and ".." not in lines and lines.count("\n") == len(natives)


def revision_of(parts: Iterable[str]) -> int:
    """A 63-bit number that depends on all ``parts``: which bytes were read, by which adapter version."""
    whole = "\x1f".join(parts)
    return int.from_bytes(hashlib.blake2b(whole.encode(), digest_size=8).digest(), "big") >> (64 - _REVISION_BITS)
