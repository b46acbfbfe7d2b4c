"""Is there no change that matters? All differences between earlier and later runs, bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from soma.synthesizer.stats import Interval, Stratum, mantel_haenszel, newcombe
from soma.synthesizer.stats.change_point import ratio_of_sizes

from .streams import Known
from .things import Things

if TYPE_CHECKING:
    from soma.synthesizer.stats.change_point import Flags, Floats, Ints

SPLITS = (0.25, 0.5, 0.75)
_COMMON = 0.05
_MOST = 40
# The interval of a ratio is a normal approximation.
_FEWEST = 10


def share_difference(runs: Known, happened: Flags, split: int, level: float) -> tuple[float, Interval] | None:
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


def strata_of(runs: Known, happened: Flags, split: int) -> list[Stratum]:
    """The counts before and from ``split`` on, of every task that is on both sides."""
    import numpy as np

    strata, many = runs.strata, int(runs.strata.max(initial=-1)) + 1
    counts = [
        column
        for side in (slice(None, split), slice(split, None))
        for column in (
            np.bincount(strata[side][happened[side]], minlength=many),
            np.bincount(strata[side], minlength=many),
        )
    ]
    both = (counts[1] > 0) & (counts[3] > 0)
    return [Stratum(*row) for row in zip(*(column[both].tolist() for column in counts), strict=True)]


def share_bound(runs: Known, happened: Flags, level: float) -> float | None:
    """The largest difference, before against after any of three moments, that the data leave open."""
    bounds = []
    for split in _splits(runs.many):
        found = share_difference(runs, happened, split, level)
        if found is None:
            return None
        bounds.append(max(abs(found[1].low), abs(found[1].high)))
    return max(bounds, default=None)


def mix_bound(runs: Known, things: Things, level: float) -> float | None:
    """The largest such difference over everything that one run in twenty or more does."""
    common = _common(things)
    bounds = [share_bound(runs, things.having(thing), level) for thing in common]
    known = [bound for bound in bounds if bound is not None]
    return max(known) if known and len(known) == len(bounds) else None


def moved_things(runs: Known, things: Things, split: int, level: float) -> list[str]:
    """What is done more or less often from ``split`` on, by task, the largest differences first.

    Their intervals exclude none at a level that is corrected for how many things were looked at (Bonferroni).
    """
    common = _common(things)
    moved = []
    for thing in common:
        found = share_difference(runs, things.having(thing), split, 1 - (1 - level) / len(common))
        if found is not None and found[1].excludes(0):
            moved.append((-abs(found[0]), thing))
    return [thing for _, thing in sorted(moved)]


def _common(things: Things) -> list[str]:
    """What one run in twenty or more does, the most frequent first."""
    counts = things.counts()
    common = [thing for thing, many in counts.items() if many >= _COMMON * things.runs]
    return sorted(common, key=lambda thing: (-counts[thing], thing))[:_MOST]


def size_ratio(runs: Known, values: Floats, split: int, level: float, least: int = 1) -> tuple[float, Interval] | None:
    """How many times larger sizes are from run ``split`` on, by task; ``None`` with fewer than ``least`` on a side."""
    before, after = (_by_stratum(runs.strata[side], values[side]) for side in (slice(None, split), slice(split, None)))
    both = sorted(before.keys() & after.keys())
    if min(sum(len(side[stratum]) for stratum in both) for side in (before, after)) < least:
        return None
    return ratio_of_sizes([before[stratum] for stratum in both], [after[stratum] for stratum in both], level)


def _by_stratum(strata: Ints, values: Floats) -> dict[int, Floats]:
    """The values of each stratum, in the order of runs."""
    import numpy as np

    order = np.argsort(strata, kind="stable")
    numbers, starts = np.unique(strata[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(values[order], starts[1:]), strict=True)) if len(order) else {}


def size_bound(runs: Known, values: Floats, level: float) -> float | None:
    """The largest factor, before against after any of three moments, that the data leave open."""
    bounds = []
    for split in _splits(runs.many):
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
