"""The only place that asks what time it is, so that everything else can be replayed.

All instants are integers: microseconds since 1970-01-01 UTC. ``SOMA_NOW`` (ISO 8601) pins the clock for tests and
for reports that must be reproduced.
"""

from __future__ import annotations

import datetime as dt
import os
import time

from soma.errors import ConfigError

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = 86_400 * 1_000_000
# Years 1971 and 2200: what lies outside is a unit mistake in the trace, not an instant.
_EARLIEST = 31_536_000_000_000
_LATEST = 7_258_118_400_000_000
# What most frameworks write is told at a glance: numbers between these are milliseconds.
_EARLIEST_MS, _LATEST_MS = _EARLIEST // 1000, _LATEST // 1000
_LATEST_NS = _LATEST * 1000
_parse = dt.datetime.fromisoformat


def now() -> int:
    """The present instant in epoch microseconds, or the instant ``SOMA_NOW`` pins.

    Raises:
        ConfigError: if ``SOMA_NOW`` is not an ISO 8601 instant.
    """
    pinned = os.environ.get("SOMA_NOW")
    if not pinned:
        return time.time_ns() // 1000
    instant = from_iso(pinned)
    if instant is None:
        raise ConfigError(f"SOMA_NOW is not an instant: {pinned!r}", hint="write it like 2026-03-21T09:30:00Z")
    return instant


def unpinned() -> int:
    """The present instant in epoch microseconds, pinned or not: for what other machines or the system compare with."""
    return time.time_ns() // 1000


def stopwatch() -> float:
    """Seconds on a clock that never goes backwards; only differences mean anything."""
    return time.perf_counter()


def from_iso(text: object) -> int | None:
    """Epoch microseconds of an ISO 8601 instant; one without an offset is UTC. ``None`` if it is none."""
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        moment = _parse(text)
        # Written out, not called: every line of every trace has a time.
        since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return None
    micros = since.days * _DAY + since.seconds * 1_000_000 + since.microseconds
    return micros if _EARLIEST <= micros <= _LATEST else None


def from_number(value: object) -> int | None:
    """Epoch microseconds of a number (or digits) in seconds, milliseconds, microseconds or nanoseconds.

    The unit is told by magnitude: the plausible years of the four units do not overlap.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _is_digits(value):
            return None
        value = int(value)
    if not isinstance(value, int | float) or not 0 < value < _LATEST * 1000:
        return None
    for scale in (1_000_000, 1_000, 1):
        if value * scale < _LATEST:
            return plausible(int(value * scale))
    return plausible(int(value) // 1000)


def from_nanos(nanos: int) -> int | None:
    """Epoch microseconds of a number of 19 digits, which can only be nanoseconds."""
    return plausible(nanos // 1000) if nanos < _LATEST_NS else None


def instant(value: object) -> int | None:
    """Epoch microseconds of whatever a trace wrote for a time: ISO text, digits or a number."""
    if type(value) is int and _EARLIEST_MS <= value < _LATEST_MS:
        return value * 1000
    if isinstance(value, str):
        # A date begins with a year and a dash.
        if value[4:5] == "-":
            return from_iso(value)
        return from_number(value) if _is_digits(value) else from_iso(value)
    return from_number(value)


def _is_digits(text: str) -> bool:
    # Other scripts have digits too, and thousands of them are a number no clock shows.
    return text.isascii() and text.isdigit() and len(text) <= 20


def plausible(micros: int) -> int | None:
    """``micros`` if it lies between 1971 and 2200, else ``None``."""
    return micros if _EARLIEST <= micros <= _LATEST else None


def to_iso(micros: int | None) -> str | None:
    """ISO 8601 with milliseconds and ``Z``."""
    if micros is None:
        return None
    return to_datetime(micros).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_datetime(micros: int) -> dt.datetime:
    """The instant as an aware ``datetime`` in UTC."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def from_datetime(moment: dt.datetime) -> int:
    """Epoch microseconds of an aware ``datetime``, exactly.

    Raises:
        OverflowError: if its offset leads out of the years a ``datetime`` knows.
    """
    since = moment - _EPOCH
    # A third of what dividing by a microsecond takes.
    return since.days * _DAY + since.seconds * 1_000_000 + since.microseconds


def elapsed_ms(start: int | None, end: int | None) -> float | None:
    """Milliseconds from ``start`` to ``end``; ``None`` when one is unknown or the clocks disagree."""
    if start is None or end is None or end < start:
        return None
    return (end - start) / 1000
