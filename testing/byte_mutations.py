"""Changes of a file that know nothing of its format but its lines."""

from __future__ import annotations

from collections.abc import Callable

from .draw import Draw

_TOKENS = (
    b"\x00", b"\x00" * 64, b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\\", b'"', b"\n",
    b"\r\n", b"\x1a", b"\x1b[31m", b"NaN", b"-Infinity", b"1e999", b"null", b"{}", b"[]", b"{", b"}", b"[" * 6000,
    b'{"a":' * 6000, b"9" * 5000, b"\xe2\x80\xa8",
)  # fmt: skip


def _place(data: bytes, draw: Draw) -> int:
    return draw.randint(0, len(data))


def _flip_a_bit(data: bytes, draw: Draw) -> bytes:
    if not data:
        return data
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _overwrite(data: bytes, draw: Draw) -> bytes:
    at = _place(data, draw)
    noise = draw.randbytes(draw.randint(1, 16))
    return data[:at] + noise + data[at + len(noise) :]


def _insert_a_token(data: bytes, draw: Draw) -> bytes:
    at = _place(data, draw)
    return data[:at] + draw.choice(_TOKENS) + data[at:]


def _delete(data: bytes, draw: Draw) -> bytes:
    at = _place(data, draw)
    return data[:at] + data[at + draw.choice((1, 1, 2, 8, 64, 1024)) :]


def _truncate(data: bytes, draw: Draw) -> bytes:
    return data[: _place(data, draw)]


def _lose_the_start(data: bytes, draw: Draw) -> bytes:
    return data[_place(data, draw) :]


def _copy_a_part(data: bytes, draw: Draw) -> bytes:
    start, at = _place(data, draw), _place(data, draw)
    part = data[start : start + draw.choice((4, 32, 256, 2048))]
    return data[:at] + part + data[at + (len(part) if draw.random() < 0.5 else 0) :]


def _twice(data: bytes, draw: Draw) -> bytes:
    return data + draw.choice((b"", b"\n")) + data


def _split(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _repeat_a_line(data: bytes, draw: Draw) -> bytes:
    lines = _split(data)
    at = draw.randrange(len(lines))
    return b"".join(lines[:at] + [lines[at]] * draw.choice((2, 2, 3, 50)) + lines[at + 1 :])


def _drop_a_line(data: bytes, draw: Draw) -> bytes:
    lines = _split(data)
    del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def _move_a_line(data: bytes, draw: Draw) -> bytes:
    lines = _split(data)
    line = lines.pop(draw.randrange(len(lines)))
    lines.insert(draw.randint(0, len(lines)), line)
    return b"".join(lines)


def _shuffle_lines(data: bytes, draw: Draw) -> bytes:
    lines = [line.rstrip(b"\n") + b"\n" for line in _split(data)]
    draw.shuffle(lines)
    return b"".join(lines)


def _reverse_lines(data: bytes, _draw: Draw) -> bytes:
    return b"".join(line.rstrip(b"\n") + b"\n" for line in reversed(_split(data)))


def _glue_lines(data: bytes, draw: Draw) -> bytes:
    lines = _split(data)
    at = draw.randrange(len(lines))
    lines[at] = lines[at].rstrip(b"\r\n")
    return b"".join(lines)


def _break_a_line(data: bytes, draw: Draw) -> bytes:
    at = _place(data, draw)
    return data[:at] + b"\n" + data[at:]


def _windows_line_ends(data: bytes, _draw: Draw) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _blank_lines(data: bytes, draw: Draw) -> bytes:
    return draw.choice((b"\n", b"\n \n", b"\n\x00\n")).join(data.split(b"\n"))


Change = Callable[[bytes, Draw], bytes]
BYTES: tuple[Change, ...] = (
    _flip_a_bit, _flip_a_bit, _overwrite, _insert_a_token, _insert_a_token, _delete, _truncate, _lose_the_start,
    _copy_a_part, _twice,
)  # fmt: skip
"""Changes of any bytes."""
LINES: tuple[Change, ...] = (
    _repeat_a_line, _repeat_a_line, _drop_a_line, _move_a_line, _shuffle_lines, _reverse_lines, _glue_lines,
    _break_a_line, _windows_line_ends, _blank_lines, _truncate,
)  # fmt: skip
"""Changes of files that consist of lines."""
