"""Times of spans in the spellings of the wire format and of the SDKs: nanoseconds, ISO text, pairs of numbers."""

from __future__ import annotations

from typing import Any

from soma import clock

_LONGEST = 40
_NANO_DIGITS = 19
_LARGEST = 1e30


def instant_of(time: Any) -> int | None:
    """Epoch microseconds of a time in any of the spellings."""
    if isinstance(time, str):
        if len(time) == _NANO_DIGITS and time.isdecimal() and time.isascii():
            return clock.from_nanos(int(time))
        return clock.instant(time) if len(time) <= _LONGEST and time.isascii() else None
    if isinstance(time, list) and len(time) == 2:
        time = _from_seconds_and_nanos(*time)
    return clock.instant(time) if _could_be_a_time(time) else None


def _could_be_a_time(time: Any) -> bool:
    """Whether a value has the size of a time: a number, no infinity."""
    return isinstance(time, int | float) and -_LARGEST < time < _LARGEST


def _from_seconds_and_nanos(seconds: Any, nanos: Any) -> int | None:
    for part in (seconds, nanos):
        if isinstance(part, bool) or not isinstance(part, int):
            return None
    return int(seconds) * 1_000_000 + int(nanos) // 1000
