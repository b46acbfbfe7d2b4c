"""JSON in and out: one decoder ladder for hostile input, one deterministic encoder for output."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="deterministic")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Undecodable(ValueError):
    """Bytes that no step of the ladder could read as JSON."""


def decode(data: bytes | str) -> Any:
    """Read one JSON value; falls back to the lenient ladder for what a strict decoder refuses.

    Raises:
        Undecodable: if the bytes are not JSON, or nest deeper than the interpreter allows.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return decode_leniently(data)


def decode_leniently(data: bytes | str) -> Any:
    """The slow step of the ladder: byte order marks, broken UTF-8, lone surrogates, NaN and control characters.

    What cannot be kept is replaced by U+FFFD (text) or ``None`` (NaN, infinities, numbers of thousands of digits).

    Raises:
        Undecodable: if the bytes are not JSON even so.
    """
    text = data if isinstance(data, str) else data.decode("utf-8", errors="replace")
    try:
        value = json.loads(text.removeprefix("\ufeff"), strict=False, parse_constant=_no_number, parse_int=_whole)
        return _repaired(value) if "\\u" in text or _LONE_SURROGATE.search(text) else value
    except RecursionError:
        raise Undecodable("nested too deeply") from None
    except ValueError as problem:
        raise Undecodable(str(problem)) from None


def _no_number(_: str) -> None:
    return None


def _whole(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:
        # More digits than the interpreter turns into a number, by its own limit.
        return None


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {plain(key): _repaired(item) for key, item in value.items()}
    return value


def plain(text: str) -> str:
    """``text`` with lone surrogates replaced, so that it can be written as UTF-8."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def encode(value: Any) -> str:
    """Deterministic compact JSON: keys sorted, UTF-8, no NaN."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        return _ENCODER.encode(_repaired(value)).decode()


def encode_lines(values: Sequence[Any]) -> list[str]:
    """``encode`` of each value, in one go.

    Raises:
        UnicodeEncodeError, RecursionError: if one of them has to be encoded by itself.
        TypeError: if one of them is no such value.
    """
    return _ENCODER.encode_lines(values).decode().split("\n")[:-1]


def pretty(value: Any) -> str:
    """The same, indented by two, for files and screens people read."""
    return msgspec.json.format(encode(value), indent=2)
