"""The first bytes of a file, decoded as far as they go, so that every adapter can look without reading again."""

from __future__ import annotations

import re
from typing import Any

from soma import codec

HEAD_BYTES = 256 * 1024
_LINES_LOOKED_AT = 40
_LOOKED_AT = 4096
_BOM = b"\xef\xbb\xbf"
# A whole string is one token, so that nothing in it is looked at; a quotation mark alone opens one that was cut.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)
_CLOSER = {ord("{"): b"}", ord("["): b"]"}


class Head:
    """What can be seen of a source before reading it.

    Attributes:
        name: File name, a hint only.
        size: Bytes of the whole file.
        data: Its first bytes, at most ``HEAD_BYTES``.
        siblings: Names of the files in the same folder (to tell a backup from a lone file).
        values: Decoded JSON values: the first lines of a JSON Lines file, or the (perhaps cut) document as one.
        lines: True when the file is one JSON value per line.
        whole: What all bytes of the file are as one JSON value, decoded as a reader would; ``None`` where not known.
    """

    def __init__(self, name: str, size: int, data: bytes, siblings: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.size = size
        self.data = data[:HEAD_BYTES]
        self.siblings = siblings
        self.complete = size <= len(self.data)
        self.values: list[Any] = []
        self.lines = False
        self.whole: Any = None
        self._decode()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The decoded values that are JSON objects."""
        return [value for value in self.values if isinstance(value, dict)]

    @property
    def document(self) -> Any:
        """The one value of a file that is a single JSON document, else ``None``; a long one is cut at its end."""
        return None if self.lines or not self.values else self.values[0]

    @property
    def is_text(self) -> bool:
        """False for binary files; a NUL behind a whole first line of JSON is damage in a text."""
        return _is_text(self.data)

    def _decode(self) -> None:
        text = self.data.removeprefix(_BOM).lstrip()
        if not text or text[:1] not in b'{["-0123456789tfn' or not self.is_text:
            return
        values = self._line_values(text)
        if len(values) > 1 or (values and b"\n" in text.strip()):
            self.values, self.lines = values, True
            return
        if values and self.complete:
            self.values = values
            if len(text) == len(self.data) and text.endswith((b"}", b"}\n")):
                self.whole = values[0]
            return
        for whole in (True, False) if self.complete else (False,):
            try:
                self.values = [codec.decode(text if whole else close_prefix(text))]
            except codec.Undecodable:
                continue
            if whole and len(text) == len(self.data):
                self.whole = self.values[0]
            return
        self.values, self.lines = values, bool(values)

    def _line_values(self, text: bytes) -> list[Any]:
        # A pretty-printed document has no line that is a value by itself, except brackets and single array items.
        lines = text.split(b"\n", _LINES_LOOKED_AT + 1)[: _LINES_LOOKED_AT + 1]
        whole = lines[:-1] if len(lines) > 1 else lines
        values: list[Any] = []
        for line in whole:
            stripped = line.strip()
            if not stripped:
                continue
            try:
                value = codec.decode(stripped)
            except codec.Undecodable:
                if not values:
                    return []
                continue
            values.append(value)
        return values if values and isinstance(values[0], dict) else []


def begins_with_a_line(data: bytes) -> bool:
    """What ``Head.lines`` says of a file that begins so, without decoding more than its first line."""
    text = data.removeprefix(_BOM).strip()
    if text[:1] != b"{" or b"\n" not in text or not _is_text(data):
        return False
    try:
        return isinstance(codec.decode(text[: text.index(b"\n")].strip()), dict)
    except codec.Undecodable:
        return False


def _is_text(data: bytes) -> bool:
    start = data[:_LOOKED_AT]
    nul = start.find(b"\x00")
    if nul < 0:
        return True
    before = start[:nul].removeprefix(_BOM).lstrip()
    return before[:1] in (b"{", b"[") and b"\n" in before


def close_prefix(data: bytes) -> bytes:
    """A JSON text that was cut anywhere, shortened to its last complete item and closed.

    Examples:
        >>> close_prefix(b'{"a": [1, 2, {"b": "lon')
        b'{"a": [1, 2, {}]}'
    """
    stack: list[int] = []
    cut = 0
    for token in _TOKEN.finditer(data):
        if len(token[0]) > 1:
            continue
        mark = data[token.start()]
        if mark == ord('"'):
            break
        if mark in _CLOSER:
            # An object or array that was just opened is complete when empty.
            stack.append(mark)
            cut = token.end()
        elif mark == ord(","):
            cut = token.start()
        else:
            if not stack:
                break
            stack.pop()
            cut = token.end()
    # Whatever opens or closes moves the cut, so what is open now was open there.
    return data[:cut] + b"".join(_CLOSER[mark] for mark in reversed(stack))
