"""Is there no change that matters? All differences between earlier and later runs, bounded."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from soma.synthesizer.stats import Interval, Stratum, mantel_haenszel, newcombe
from soma.synthesizer.stats.change_point import ratio_of_sizes

from .streams import Known

SPLITS = (0.25, 0.5, 0.75)
_COMMON = 0.05
_MOST = 40
# The interval of a ratio is a normal approximation.
_FEWEST = 10


def share_difference(
    runs: Sequence[Known], happened: Sequence[bool], split: int, level: float
) -> tuple[float, Interval] | None:
    """How much higher a share is from run ``split`` on, by task; ``None`` without a task on both sides."""
    strata = strata_of(runs, happened, split)
    if not strata:
        return None
    if len(strata) > 1:
        estimate, interval, _ = mantel_haenszel(strata, level)
        return estimate, interval
    only = strata[0]
    first, second = only.first_successes / only.first_total, only.second_successes / only.second_total
    return second - first, newcombe(first, only.first_total, second, only.second_total, level)


def strata_of(runs: Sequence[Known], happened: Sequence[bool], split: int) -> list[Stratum]:
    """The counts before and from ``split`` on, of every task that is on both sides."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for index, (run, yes) in enumerate(zip(runs, happened, strict=True)):
        row = counts[run.stratum]
        side = 2 if index >= split else 0
        row[side] += yes
        row[side + 1] += 1
    return [Stratum(*row) for _, row in sorted(counts.items()) if row[1] and row[3]]


def share_bound(runs: Sequence[Known], happened: Sequence[bool], level: float) -> float | None:
    """The largest difference, before against after any of three moments, that the data leave open."""
    bounds = []
    for split in _splits(len(runs)):
        found = share_difference(runs, happened, split, level)
        if found is None:
            return None
        bounds.append(max(abs(found[1].low), abs(found[1].high)))
    return max(bounds, default=None)


def mix_bound(runs: Sequence[Known], things: Sequence[frozenset[str]], level: float) -> float | None:
    """The largest such difference over everything that one run in twenty or more does."""
    common = _common(things)
    bounds = [share_bound(runs, [thing in run for run in things], level) for thing in common]
    known = [bound for bound in bounds if bound is not None]
    return max(known) if known and len(known) == len(bounds) else None


def moved_things(runs: Sequence[Known], things: Sequence[frozenset[str]], split: int, level: float) -> list[str]:
    """What is done more or less often from ``split`` on, by task, the largest differences first.

    Their intervals exclude none at a level that is corrected for how many things were looked at (Bonferroni).
    """
    common = _common(things)
    moved = []
    for thing in common:
        found = share_difference(runs, [thing in run for run in things], split, 1 - (1 - level) / len(common))
        if found is not None and found[1].excludes(0):
            moved.append((-abs(found[0]), thing))
    return [thing for _, thing in sorted(moved)]


def _common(things: Sequence[frozenset[str]]) -> list[str]:
    """What one run in twenty or more does, the most frequent first."""
    counts = Counter(thing for run in things for thing in run)
    common = [thing for thing, many in counts.items() if many >= _COMMON * len(things)]
    return sorted(common, key=lambda thing: (-counts[thing], thing))[:_MOST]


def size_ratio(
    runs: Sequence[Known], values: Sequence[float], split: int, level: float, least: int = 1
) -> tuple[float, Interval] | None:
    """How many times larger sizes are from run ``split`` on, by task; ``None`` with fewer than ``least`` on a side."""
    before: dict[str, list[float]] = defaultdict(list)
    after: dict[str, list[float]] = defaultdict(list)
    for index, (run, value) in enumerate(zip(runs, values, strict=True)):
        (after if index >= split else before)[run.stratum].append(value)
    both = sorted(before.keys() & after.keys())
    if min(sum(len(side[name]) for name in both) for side in (before, after)) < least:
        return None
    return ratio_of_sizes([before[name] for name in both], [after[name] for name in both], level)


def size_bound(runs: Sequence[Known], values: Sequence[float], level: float) -> float | None:
    """The largest factor, before against after any of three moments, that the data leave open."""
    bounds = []
    for split in _splits(len(runs)):
        found = size_ratio(runs, values, split, level, _FEWEST)
        if found is None or found[1].low <= 0:
            return None
        bounds.append(max(1 / found[1].low, found[1].high))
    largest = max(bounds, default=math.inf)
    return largest if math.isfinite(largest) else None


def _splits(runs: int) -> Iterator[int]:
    for share in SPLITS:
        place = round(share * runs)
        if 0 < place < runs:
            yield place
