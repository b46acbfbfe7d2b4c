"""Texts cut to a number of bytes: never within a character or a marker."""

from __future__ import annotations

from typing import NamedTuple

from soma.text import Clipped

MARGIN = 8 * 1024
"""How many characters beyond a bound are looked at, to see the whole of a secret that straddles it."""

UNSEEN_TAIL = 4 * 1024
"""Of a window that ends inside the text, so much is not kept: a secret there may be cut and go unrecognised."""

CUT = "…"
CUT_BYTES = len(CUT.encode())


class Piece(NamedTuple):
    """What stays of a text, or a marker that was set in it; ``length`` is that of the original, in characters."""

    text: str
    is_marker: bool
    length: int


def size(text: str) -> int:
    """Bytes of its UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def within(pieces: list[Piece], length: int) -> list[Piece]:
    """The pieces that begin in the first ``length`` characters of the original; texts are cut there, markers kept."""
    kept: list[Piece] = []
    at = 0
    for piece in pieces:
        if at >= length:
            break
        text = piece.text if piece.is_marker else piece.text[: length - at]
        kept.append(Piece(text, piece.is_marker, piece.length))
        at += piece.length
    return kept


def cut(pieces: list[Piece], limit: int) -> str:
    """As much as fits into ``limit`` bytes together with the sign that something is missing."""
    room = limit - CUT_BYTES
    if room < 0:
        return ""
    kept: list[str] = []
    for piece in pieces:
        taken = size(piece.text)
        if taken > room:
            if not piece.is_marker:
                data = piece.text.encode("utf-8", "surrogatepass")[:room]
                kept.append(_whole_characters(data))
            break
        kept.append(piece.text)
        room -= taken
    return "".join([*kept, CUT])


def cut_plain(text: str, limit: int) -> str:
    """What ``Redactor.bounded`` makes of a text without secrets and markers."""
    seen = min(len(text), limit + MARGIN)
    if seen < len(text) or isinstance(text, Clipped):
        seen = max(0, seen - UNSEEN_TAIL)
    elif seen <= limit and (text.isascii() or size(text) <= limit):
        return text
    room = limit - CUT_BYTES
    if room < 0:
        return ""
    window = text[: min(seen, room)]
    if not window.isascii():
        data = window.encode("utf-8", "surrogatepass")
        if len(data) > room:
            window = _whole_characters(data[:room])
    return window + CUT


def _whole_characters(data: bytes) -> str:
    """The characters of ``data`` without a torn last one."""
    while data and data[-1] & 0xC0 == 0x80 and len(data) > 1:
        lead = next((index for index in range(2, 5) if len(data) >= index and data[-index] & 0xC0 != 0x80), None)
        if lead is None or lead == _expected(data[-lead]):
            break
        data = data[:-lead]
    if data and data[-1] >= 0xC0:
        data = data[:-1]
    return data.decode("utf-8", "surrogatepass")


def _expected(lead: int) -> int:
    return 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
