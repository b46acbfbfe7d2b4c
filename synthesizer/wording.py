"""Numbers and foreign texts as people read them, the same on every page."""

from __future__ import annotations

import re

from soma.synthesizer.stats import Difference, Interval, Proportion

# Escape sequences, control characters, and the invisible ones that turn the direction of text or hide in it.
_UNPRINTABLE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?"
    "|[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def plain(text: str, limit: int = 200) -> str:
    """Foreign ``text`` made fit for a terminal: one line, nothing that steers the screen, at most ``limit`` long."""
    shown = _SPACES.sub(" ", _UNPRINTABLE.sub(" ", text[: 8 * limit])).strip()
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def percent(rate: float | None) -> str:
    """A share with one digit: ``95.5 %``; a dash when it is not known."""
    return "–" if rate is None else f"{100 * rate:.1f} %"


def bounds(interval: Interval) -> str:
    """An interval of a share in percent: ``[84.9, 98.7]``."""
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def share(proportion: Proportion) -> str:
    """A share with its counts and interval: ``95.5 % (42 of 44) [84.9, 98.7]``."""
    if not proportion.total:
        return "no run known"
    return f"{percent(proportion.rate)} ({count(proportion)}) {bounds(proportion.interval)}"


def count(proportion: Proportion) -> str:
    """``42 of 44``."""
    return f"{proportion.successes:,} of {proportion.total:,}"


def signed(value: float) -> str:
    """A difference of shares in points with its sign: ``−55``, ``+3``; with a digit where a round 0 would hide it."""
    digits = 0 if abs(value) >= 0.005 else 1
    shown = f"{abs(100 * value):.{digits}f}"
    return "0" if float(shown) == 0 else f"{'−' if value < 0 else '+'}{shown}"


def points(difference: Difference) -> str:
    """A difference with its interval: ``−55 points [−70, −36]``."""
    return (
        f"{signed(difference.estimate)} points [{signed(difference.interval.low)}, {signed(difference.interval.high)}]"
    )


def probability(value: float) -> str:
    """A p- or q-value: ``0.03``, ``0.0004``, ``< 0.0001``."""
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def duration(milliseconds: float | None) -> str:
    """A duration in the unit that suits it: ``350 ms``, ``1.2 s``, ``2 min 11 s``, ``3 h 05 min``."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds < 0.9995:
        return f"{milliseconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def number(many: int, one: str, more: str | None = None) -> str:
    """A count with its noun: ``1 task``, ``12 tasks``."""
    return f"{many:,} {one if many == 1 else more or one + 's'}"
