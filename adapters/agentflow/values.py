"""Single values of a record, read so that no value of the wrong kind can raise."""

from __future__ import annotations

from typing import Any

from soma import clock, codec
from soma.adapters.blocks.document import as_count, as_number

FIRST_MS, LAST_MS = 32_000_000_000, 7_000_000_000_000
"""Whole numbers between these are milliseconds of a plausible year, and no other unit."""


def moment(value: Any) -> int | None:
    """Epoch microseconds of a time however it is written, ``None`` for what is none."""
    if type(value) is int and FIRST_MS < value < LAST_MS:
        return value * 1000
    try:
        return clock.instant(value)
    except (OverflowError, ValueError):
        return None


def number(value: Any, most: float) -> float | None:
    """A number from 0 to ``most``, else ``None``."""
    try:
        found = as_number(value)
    except OverflowError:
        return None
    return found if found is not None and 0 <= found <= most else None


def count(value: Any) -> int | None:
    """A whole number from 0 on, else ``None``; the format writes no numbers as text."""
    return None if isinstance(value, str) else as_count(value)


def written(value: Any) -> str | None:
    """Text as it is, anything else as JSON; ``None`` for nothing."""
    if value is None or value == "" or value == {}:
        return None
    if isinstance(value, str):
        return value
    try:
        return codec.encode(value)
    except RecursionError:
        return "[nested too deeply]"
