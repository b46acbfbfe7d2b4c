"""Trace and span ids in one spelling, lower-case hex, however they were written down."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

TRACE_BYTES = 16
SPAN_BYTES = 8
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_LONGEST = 128
_USUAL = {size: re.compile(f"(?!0*\\Z)[0-9a-f]{{{2 * size}}}\\Z") for size in (TRACE_BYTES, SPAN_BYTES)}


def trace_id(value: Any) -> str | None:
    """A trace id as 32 hex digits; see ``hex_id``."""
    return hex_id(value, TRACE_BYTES)


def span_id(value: Any) -> str | None:
    """A span id as 16 hex digits; see ``hex_id``."""
    return hex_id(value, SPAN_BYTES)


def hex_id(value: Any, size: int) -> str | None:
    """An id of ``size`` bytes as hex digits.

    Accepts hex (with or without ``0x``), base64 (protobuf turned into JSON by a generic converter), whole numbers and
    long decimal digits (any-agent). Ids that are none of these are kept as they are; zero and nothing are ``None``.
    """
    if isinstance(value, str) and _USUAL[size].match(value):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return format(value, f"0{2 * size}x") if 0 < value < 1 << (8 * size) else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text[:2] in ("0x", "0X") and _HEX.match(text[2:]):
        text = text[2:].zfill(2 * size)
    if len(text) == 2 * size and _HEX.match(text):
        return text.lower() if text.strip("0") else None
    if len(text) == 4 * ((size + 2) // 3) and text.endswith("="):
        return _from_base64(text, size)
    if len(text) > 16 and text.isdecimal() and text.isascii() and len(text) <= 39:
        return hex_id(int(text), size)
    return text[:_LONGEST] or None


def _from_base64(text: str, size: int) -> str | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    if len(raw) != size:
        return text
    return raw.hex() if any(raw) else None
