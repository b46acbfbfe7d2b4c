"""Lines too long to be taken into memory whole: their huge texts are cut while the line is read.

What makes a line huge is nearly always one text in it, of which the vault keeps a few kilobytes. Decoding such a line
takes several times its length; cut on the way in, it takes a few megabytes whatever its length. A line that is huge for
its many values instead would take twenty times its length, and nothing can be left out without telling a lie about
it: it is measured while it is read and given up once it is sure that it takes too much.
"""

from __future__ import annotations

import hashlib
import re

from soma.source import MIB

LONG_LINE = 4 * MIB
"""Lines up to this length are read as they are."""

LONGEST_SHORTENED = 256 * MIB
"""Longer lines are not for a ``Shortener``: it gives up what would take too much even at this length."""

_ALLOWED = 150_000_000
_ALLOWED_PER_BYTE = 1.1
# Measured on CPython: what a byte outside texts (of numbers, brackets, commas) and what a text takes once decoded.
_PER_BYTE = 16
_PER_TEXT = 64

_LONG_TEXT = 8 * MIB
"""In longer lines, texts beyond this are cut; a whole conversation written as one text, as JSON in JSON, is shorter."""

_KEPT = 64 * 1024
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
# The first half of a character that is written as two escapes does not end a text that is cut.
_HALF = rb"[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z"
_WHOLE = re.compile(rb'(?:[^"\\]++|\\u(?!' + _HALF + rb")[0-9a-fA-F]{4}|\\[^u])*+", re.DOTALL)
_TORN_CHARACTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,2}\Z")


class Shortener:
    """Takes one line piece by piece and keeps its JSON with every huge text cut.

    A text that was cut ends with its length and the SHA-256 of all its bytes as they stand in the line, so that two
    texts that differ anywhere still differ.
    """

    def __init__(self) -> None:
        self._size = 0
        self._takes = 0
        self._given_up = False
        self._kept = bytearray()
        self._text: bytearray | None = None
        self._rest: _Rest | None = None
        self._before = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes of the line."""
        self._size += len(piece)
        if self._given_up:
            return
        self._take_in(piece)
        if self._takes > _ALLOWED + _ALLOWED_PER_BYTE * LONGEST_SHORTENED:
            self._given_up = True
            self._kept.clear()
            self._text = self._rest = None

    def _take_in(self, piece: bytes) -> None:
        data = self._before + piece if self._before else piece
        self._before = b""
        at = 0
        while at < len(data):
            if self._text is None:
                quote = data.find(b'"', at)
                end = len(data) if quote < 0 else quote + 1
                self._kept += data[at:end]
                self._takes += (end - at) * _PER_BYTE
                self._text = bytearray() if quote >= 0 else None
                at = end
                continue
            inside = _INSIDE.match(data, at)
            end = inside.end() if inside else at
            self._take(data[at:end])
            if data[end : end + 1] == b'"':
                self._close()
                at = end + 1
            else:
                # The piece ends, perhaps between a backslash and what it escapes.
                self._before = data[end:]
                return

    def line(self) -> bytes | None:
        """The line, once all of it was fed; ``None`` when decoding it would take too much memory."""
        if self._given_up or self._takes > _ALLOWED + _ALLOWED_PER_BYTE * self._size:
            return None
        self._kept += self._text or b""
        self._kept += self._before
        # Here, where it costs nothing: whoever strips the line makes a copy of it.
        while self._kept and self._kept[-1] in b"\r\n ":
            del self._kept[-1]
        line = bytes(self._kept)
        self._kept.clear()
        return line

    def _take(self, raw: bytes) -> None:
        if self._rest is not None:
            self._rest.add(raw)
        elif self._text is not None:
            self._text += raw
            if len(self._text) > _LONG_TEXT:
                self._rest = _Rest(self._text)
                whole = _WHOLE.match(self._text, 0, _KEPT)
                self._text = bytearray(_TORN_CHARACTER.sub(b"", whole[0] if whole else b""))

    def _close(self) -> None:
        # Once as bytes and once decoded.
        self._takes += _PER_TEXT + 2 * len(self._text or b"")
        self._kept += self._text or b""
        if self._rest is not None:
            self._kept += self._rest.note()
        self._kept += b'"'
        self._text = self._rest = None


class _Rest:
    """The length and digest of a text that is not kept."""

    def __init__(self, raw: bytearray) -> None:
        self._size = len(raw)
        self._hash = hashlib.sha256(raw)

    def add(self, raw: bytes) -> None:
        self._size += len(raw)
        self._hash.update(raw)

    def note(self) -> bytes:
        return f" ... [{self._size:,} bytes in all, sha256 {self._hash.hexdigest()}]".encode()
