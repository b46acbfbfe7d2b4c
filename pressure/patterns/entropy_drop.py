"""Entropy drop: the agent did many things, now it does one thing only, and it does not go well."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from soma.pressure.arithmetic import C_LOG_C
from soma.pressure.constants import RECENT, WINDOW
from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

CEILING = 1.0
"""Bits of the last ten action names below which it is one thing only (ceiling of the described system)."""

DROP = 1.0
"""Bits it has fallen by against the ten before: an agent that has one tool is not in a tunnel for it (ours)."""

NO_NEWS = 3
"""Failures, or answers given before, among the last ten. Measured: ten reads or edits in a row are normal work."""

PANIC_SECONDS = 3.0
"""Median seconds between starts below which it is panic (mean in the described system; one pause hides a panic)."""

_MICRO = 1_000_000


class EntropyDrop(Pattern):
    """Fires when the last ten actions hold less than one bit, one less than the ten before, and bring no news.

    No news: at least three failed or gave an answer that was given before. When the actions come faster than one in
    three seconds it is panic, and critical.
    """

    name = "entropy_drop"
    priority = 1
    covered_by = frozenset({"same_failure", "silent_loop", "oscillation", "retry_storm", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the agent is in a tunnel."""
        window = situation.state.window
        if len(window.recent) < RECENT:
            return None
        bits = _bits(window.c_log_c)
        if bits >= CEILING or _no_news(window.recent) < NO_NEWS:
            return None
        before = _bits(sum(C_LOG_C[count] for count in _counts(window.recent[:-WINDOW]).values()))
        if before - bits < DROP:
            return None
        last = window.recent[-WINDOW:]
        counts = _counts(last)
        dominant = max(counts, key=lambda name: counts[name])
        gap = _median_gap(last)
        panic = gap is not None and gap < PANIC_SECONDS
        told = f", one every {gap:.1f} s" if panic else ""
        return Finding(
            self.name,
            Severity.CRITICAL if panic else Severity.WARN,
            f"{counts[dominant]} of the last {WINDOW} actions are {dominant}{told}; "
            f"{bits:.1f} bits of variety after {before:.1f}, and little of it is new",
            "Slow down and look at the problem from another side before you go on like this.",
            "shell" if last[-1].role in ("edit", "write") else "read" if last[-1].role == "shell" else "plan",
        )


def _bits(c_log_c: int) -> float:
    """Shannon entropy in bits of counts that add up to ten, from the sum of ``C_LOG_C`` over them."""
    return (C_LOG_C[WINDOW] - c_log_c) / (WINDOW * 1099511627776)


def _counts(some: Iterable[Seen]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seen in some:
        counts[seen.action] = counts.get(seen.action, 0) + 1
    return counts


def _no_news(recent: list[Seen]) -> int:
    known = {seen.result for seen in recent[:-WINDOW]}
    stale = 0
    for seen in recent[-WINDOW:]:
        stale += seen.failed or (seen.result is not None and seen.result in known)
        known.add(seen.result)
    return stale


def _median_gap(some: list[Seen]) -> float | None:
    starts = [seen.started_at for seen in some if seen.started_at is not None]
    if len(starts) < len(some):
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(starts))
    return gaps[len(gaps) // 2] / _MICRO
