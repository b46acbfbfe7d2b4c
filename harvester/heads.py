"""The first bytes of a candidate, as adapters look at them, and what to call a file that none of them claims."""

from __future__ import annotations

import os

from soma.adapters.blocks.head import HEAD_BYTES, Head

from .discover import Candidate

_SMALL = 64 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Heads:
    """Reads heads; the listing of a folder is kept for the other files of it."""

    def __init__(self) -> None:
        self._folder = ""
        self._names: frozenset[str] = frozenset()

    def of(self, candidate: Candidate) -> Head:
        """The head of a file.

        Raises:
            OSError: if it cannot be read.
        """
        data = _small(candidate)
        if data is None:
            with open(candidate.path, "rb") as stream:
                data = stream.read(HEAD_BYTES)
        folder, name = os.path.split(candidate.path)
        if folder != self._folder:
            self._folder, self._names = folder, frozenset(os.listdir(folder))
        return Head(name, candidate.size, data, self._names)


def _small(candidate: Candidate) -> bytes | None:
    """All of a small file that is as it was found, in one read."""
    if candidate.size > _SMALL:
        return None
    handle = os.open(candidate.path, os.O_RDONLY)
    try:
        data = os.read(handle, candidate.size + 1)
    finally:
        os.close(handle)
    return data if len(data) == candidate.size else None


def looks_like(head: Head) -> str:
    """A few words about a file of unknown format; of its text only names of fields."""
    if not head.is_text:
        return "text in UTF-16, soma reads UTF-8" if head.data[:2] in _UTF16 else "a binary file"
    records = head.records
    if not records:
        return "a list of JSON values" if head.values else "text that is no JSON"
    keys = ", ".join(sorted(str(key)[:24] for key in records[0])[:6])
    return f"JSON {'lines' if head.lines else 'object'} with keys {keys}" if keys else "an empty JSON object"
