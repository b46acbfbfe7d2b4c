"""Where in the bytes of a JSON document a nested value lies, so that evidence points at a message, not at a file."""

from __future__ import annotations

import msgspec

from .shapes import Path

Span = tuple[int, int]

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


class Spans:
    """Byte spans (offset, length) of the values in one document.

    What cannot be located (a document that only the lenient decoder reads) has the span of the nearest container that
    can be.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[Path, Span] = {(): (0, len(data))}
        self._opened: set[Path] = set()

    def of(self, path: Path) -> Span:
        """Span of the value at ``path``."""
        for depth in range(len(path)):
            self._open(path[:depth])
        while path not in self._known:
            path = path[:-1]
        return self._known[path]

    def _open(self, path: Path) -> None:
        """Locate all items of the container at ``path``, once."""
        if path in self._opened or path not in self._known:
            return
        self._opened.add(path)
        start, length = self._known[path]
        text = self._data[start : start + length]
        try:
            items: list[tuple[str | int, msgspec.Raw]]
            items = list(_MEMBERS.decode(text).items() if text.lstrip()[:1] == b"{" else enumerate(_ITEMS.decode(text)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        position = 0
        for key, raw in items:
            piece = bytes(raw)
            # Only containers are evidence; a short scalar could be found in the wrong place.
            if piece[:1] in (b"{", b"[") and (found := text.find(piece, position)) >= 0:
                self._known[(*path, key)] = (start + found, len(piece))
                position = found + len(piece)
