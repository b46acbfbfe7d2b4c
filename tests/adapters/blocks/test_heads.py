"""What the first bytes of a file tell: text or not, lines or one document."""

from __future__ import annotations

import pytest

from soma.adapters.blocks.head import Head

LINE = b'{"type": "user", "uuid": "u1"}\n'


def _head(data: bytes) -> Head:
    return Head("a.jsonl", len(data), data)


@pytest.mark.parametrize(
    "data",
    [
        LINE + b"\x00" * 4096 + b"\n" + LINE,
        b"\xef\xbb\xbf" + LINE + b"\x00{}\n",
        b"\n  " + LINE + b'{"a": "\x00"}\n',
        LINE * 200 + b"\x00",
    ],
)
def test_zero_bytes_behind_a_whole_line_are_damage_in_a_text(data: bytes) -> None:
    head = _head(data)
    assert head.is_text and head.lines
    assert head.records[0] == {"type": "user", "uuid": "u1"}


@pytest.mark.parametrize(
    "data",
    [
        LINE.decode().encode("utf-16"),
        LINE.decode().encode("utf-16-le"),
        LINE.decode().encode("utf-32"),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"SQLite format 3\x00{\n}",
        b"{\x00\n" + LINE,
        b"text\n\x00",
        b"\n\x00{",
    ],
)
def test_zero_bytes_elsewhere_are_no_text(data: bytes) -> None:
    head = _head(data)
    assert not head.is_text
    assert head.values == []
