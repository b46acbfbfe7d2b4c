"""Since when is a sequence of runs different: a test that may be looked at after every run, and when the change was.

The hypothesis under test is that runs of one stratum (a task) are exchangeable: their order tells nothing. Each run is
ranked among the earlier runs of its stratum, ties broken at random: under the hypothesis these conformal p-values are
independent and uniform, whatever the distribution and however the mix of strata changes (Vovk, Gammerman & Shafer,
*Algorithmic Learning in a Random World*, 2nd ed. 2022, ch. 8 and the Mondrian predictors of ch. 4). Bets against that,
each from an unknown run on, multiply to evidence whose expectation stays 1; by Ville's inequality it ever reaches
``1 / a`` with probability ``a`` at most, however often one looks (Ramdas, Grünwald, Vovk & Shafer, *Statistical
Science* 38 (2023) 576-601). The bets must not depend on the values seen, only on these ranks: that is why they are
fixed in advance and mixed. Mixing over the unknown beginning follows Shiryaev; compare the e-detectors of Shin, Ramdas
& Rinaldo, *The New England Journal of Statistics in Data Science* 2 (2024) 229-260.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .proportion import Interval, two_sided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

# A change is believed to begin at run t with weight c / ((t + c)(t + c - 1)): the weights sum to 1, half of them lie
# within the first c runs, and late changes pay only logarithmically.
_SOON = 50
# Bets on a share: ranks below the point are the more likely ones, their odds multiplied by e to the power of the step.
_POINTS = (0.05, 0.15, 0.35, 0.65, 0.85, 0.95)
_STEPS = (-2.0, -1.0, 1.0, 2.0)
# Bets on a size: Lehmann's alternatives, density k u^(k-1) of the rank, and their mirror images.
_POWERS = (1.5, 2.5, 5.0)
_LOGITS = 33
_PAIRED = 1000
_HUGE = 700
_NEAR = 1e-6
_AT_ONCE = 256
_SHIFTS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


class Stretch(NamedTuple):
    """Runs ``start`` to ``end`` (exclusive) watched for one change.

    Attributes:
        alarm: The run after which the evidence sufficed; ``None``: it never did.
        p_value: Valid at any time: 1 / the most evidence there ever was, 1 at most.
    """

    start: int
    end: int
    alarm: int | None
    p_value: float


class Moment(NamedTuple):
    """Where a change began: first run after it, most likely and the ends of the interval."""

    likely: int
    earliest: int
    latest: int


def share_ranks(
    happened: Sequence[bool] | Flags, strata: Sequence[str] | Ints, ties: Sequence[float] | Floats
) -> Floats:
    """The conformal p-value of each run for whether something ``happened``; NaN for the first of a stratum.

    Small where it happened. ``ties`` are independent uniform numbers that depend on nothing else.
    """
    import numpy as np

    yes = np.asarray(happened, dtype=np.bool_)
    if not len(yes):
        return np.zeros(0)
    # Stratum by stratum, in each of them in the order of runs.
    order, first, number = _by_stratum(strata)
    own = yes[order]
    total = np.arange(len(own)) - first[number]
    before: Ints = np.cumsum(own) - own
    positive: Ints = before - before[first][number]
    like = np.where(own, positive, total - positive) + 1
    with np.errstate(invalid="ignore"):
        found = (np.where(own, 0, positive) + np.asarray(ties, dtype=np.float64)[order] * like) / (total + 1)
    ranks: Floats = np.empty(len(own))
    ranks[order] = np.where(total > 0, found, np.nan)
    return ranks


def _by_stratum(strata: Sequence[str] | Ints) -> tuple[Ints, Ints, Ints]:
    """Runs stratum by stratum, where each stratum begins there, and the number of each run's stratum."""
    import numpy as np

    names = np.asarray(strata)
    order = np.argsort(names, kind="stable")
    begins = np.concatenate(([True], names[order][1:] != names[order][:-1]))
    return order, begins.nonzero()[0], np.cumsum(begins) - 1


def size_ranks(
    values: Sequence[float] | Floats, strata: Sequence[str] | Ints, ties: Sequence[float] | Floats
) -> Floats:
    """The conformal p-value of each run for how large its value is; NaN for the first of a stratum. Large is near 1."""
    import numpy as np

    seen: dict[object, list[float]] = defaultdict(list)
    ranks = np.full(len(values), np.nan)
    columns = (np.asarray(values).tolist(), np.asarray(strata).tolist(), np.asarray(ties).tolist())
    for index, (value, stratum, tie) in enumerate(zip(*columns, strict=True)):
        earlier = seen[stratum]
        if earlier:
            below = bisect_left(earlier, value)
            same = bisect_right(earlier, value) - below + 1
            ranks[index] = (below + tie * same) / (len(earlier) + 1)
        insort(earlier, value)
    return ranks


def share_evidence(ranks: Floats) -> Floats:
    """Logarithm of the evidence after each run that a share has changed; the first of a stratum bet nothing."""
    import numpy as np

    points, below, above = _share_bets()
    bets = np.where(ranks[~np.isnan(ranks)] < points, below, above)
    return _spread(_mixed(bets), ranks)


def largest_evidence(ranks: Sequence[Floats]) -> Floats:
    """The largest of ``share_evidence`` of each, run by run; all have a rank for the same runs.

    The most there ever was is that of ``share_evidence`` to the last bit, the rest agrees within a millionth:
    logarithms of sums cost twenty times what sums cost, so they are taken of the few that may be the largest.
    """
    import numpy as np

    found = _plain_evidence([each[~np.isnan(each)] for each in ranks])
    most = found.max(axis=1, initial=-math.inf) if np.isfinite(found).all() else np.zeros(len(ranks))
    paths = [
        share_evidence(each) if top >= most.max() - _NEAR else _spread(about, each)
        for each, about, top in zip(ranks, found, most, strict=True)
    ]
    best: Floats = np.max(paths, axis=0)
    return best


def _plain_evidence(known: Sequence[Floats]) -> Floats:
    """``share_evidence`` of each (one row) after each run with a rank, without logarithms before the end.

    What is laid on a change, over all runs it may begin with, grows by the next run's weight and then by what its bet
    pays. Not finite where that is too large for a number.
    """
    import numpy as np

    points, below, above = (column.T for column in _share_bets())
    below, above = np.exp(below), np.exp(above)
    columns = np.array(known).T[:, :, None]
    turn = np.arange(1, len(columns) + 1)
    weights = _SOON / ((turn + _SOON) * (turn + _SOON - 1.0))
    laid = np.zeros((len(known), points.shape[1]))
    means = np.empty((len(columns), len(known)))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(columns), _AT_ONCE):
            pays = np.where(columns[start : start + _AT_ONCE] < points, below, above)
            for weight, pay in zip(weights[start : start + _AT_ONCE].tolist(), pays, strict=True):
                laid += weight
                laid *= pay
                pay[...] = laid
            means[start : start + _AT_ONCE] = pays.mean(axis=2)
        evidence: Floats = np.log(means + (_SOON / (turn + _SOON))[:, None]).T
    return evidence


def _share_bets() -> tuple[Floats, Floats, Floats]:
    """Point of each bet on a share, and the logarithm of what it pays below and above."""
    import numpy as np

    points = np.repeat(_POINTS, len(_STEPS))[:, None]
    odds = points / (1 - points) * np.exp(np.tile(_STEPS, len(_POINTS)))[:, None]
    mass = odds / (1 + odds)
    return points, np.log(mass / points), np.log((1 - mass) / (1 - points))


def size_evidence(ranks: Floats) -> Floats:
    """Logarithm of the evidence after each run that sizes have changed; the first of a stratum bet nothing."""
    import numpy as np

    powers = np.array(_POWERS)[:, None]
    known = np.clip(ranks[~np.isnan(ranks)], 1e-12, 1 - 1e-12)
    bets = np.vstack([np.log(powers) + (powers - 1) * side for side in (np.log(known), np.log1p(-known))])
    return _spread(_mixed(bets), ranks)


def _mixed(bets: Floats) -> Floats:
    """Evidence over bets (one row each, all alike likely) and over the run from which on they are laid."""
    import numpy as np

    count = bets.shape[1]
    turn = np.arange(1, count + 1)
    gains = np.cumsum(bets, axis=1)
    before = gains - bets
    begins = np.log(_SOON) - np.log(turn + _SOON) - np.log(turn + _SOON - 1)
    laid = gains + np.logaddexp.accumulate(begins - before, axis=1)
    waiting = np.log(_SOON) - np.log(turn + _SOON)
    evidence: Floats = np.logaddexp(np.logaddexp.reduce(laid, axis=0) - math.log(len(bets)), waiting)
    return evidence


def _spread(evidence: Floats, ranks: Floats) -> Floats:
    """Evidence after every run, from that after each run with a rank."""
    import numpy as np

    latest = np.cumsum(~np.isnan(ranks))
    spread: Floats = np.concatenate(([0.0], evidence))[latest]
    return spread


def watched(evidence: Callable[[int], Floats], runs: int, alpha: float) -> list[Stretch]:
    """Runs watched from the first on; after each alarm the watch begins anew with the next run.

    Args:
        evidence: Log evidence after each run from the given one on, from nothing but these runs.
        runs: How many there are.
        alpha: Chance of a false alarm ever, for each stretch of runs that are alike.
    """
    found = []
    start = 0
    while start < runs:
        path = evidence(start)
        over = (path >= -math.log(alpha)).nonzero()[0]
        alarm = start + int(over[0]) if len(over) else None
        end = runs if alarm is None else alarm + 1
        found.append(Stretch(start, end, alarm, min(1.0, math.exp(-float(path.max())))))
        start = end
    return found


def share_moment(happened: Sequence[bool], strata: Sequence[str] | Sequence[int], level: float) -> Moment:
    """When the share changed, given that it did, once: the most likely run and an interval of this level.

    The posterior over all moments, equally likely before: every stratum has its own share (uniform), the change moves
    the log odds of all by one amount (even on a grid from a quarter to six, both ways); both are summed out. A change
    point as in Smith, *Biometrika* 62 (1975) 407-416, with strata.

    Raises:
        ValueError: if there are fewer than two runs.
    """
    import numpy as np

    logits = np.linspace(-6, 6, _LOGITS)
    weights = -np.logaddexp(0, -logits) - np.logaddexp(0, logits)
    moved = logits[None, :] + np.array([sign * shift for shift in _SHIFTS for sign in (-1, 1)])[:, None]
    yes, no = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    moved_yes, moved_no = -np.logaddexp(0, -moved), -np.logaddexp(0, moved)

    counts: dict[object, list[int]] = {}
    for happens, stratum in zip(happened, strata, strict=True):
        after = counts.setdefault(stratum, [0, 0, 0, 0])
        after[2 if happens else 3] += 1

    def likelihood(row: Sequence[int]) -> Floats:
        fixed = weights + row[0] * yes + row[1] * no
        terms: Floats = np.logaddexp.reduce(fixed + row[2] * moved_yes + row[3] * moved_no, axis=1)
        return terms

    own = {stratum: likelihood(row) for stratum, row in counts.items()}
    total = np.sum(list(own.values()), axis=0)
    scores = []
    for happens, stratum in zip(happened[:-1], strata[:-1], strict=True):
        row = counts[stratum]
        row[0 if happens else 1] += 1
        row[2 if happens else 3] -= 1
        fresh = likelihood(row)
        total = total + fresh - own[stratum]
        own[stratum] = fresh
        scores.append(float(np.logaddexp.reduce(total)))
    return _moment(scores, level)


def size_moment(values: Sequence[float] | Floats, strata: Sequence[str] | Sequence[int], level: float) -> Moment:
    """When sizes changed, given that they did, once: as ``share_moment``, on normal scores of the ranks by stratum.

    A shift common to all strata in normal noise of unknown width; the width is integrated out (Smith 1975).

    Raises:
        ValueError: if there are fewer than two runs.
    """
    import numpy as np
    from scipy.stats import norm, rankdata

    members: dict[object, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        members[stratum].append(index)
    scores = np.zeros(len(values))
    for own in members.values():
        normal = norm.ppf((rankdata([values[index] for index in own]) - 0.5) / len(own))
        scores[own] = normal - normal.mean()
    spread = float(scores @ scores)
    freedom = max(1, len(values) - len(members))
    sizes = {stratum: len(own) for stratum, own in members.items()}
    before: dict[object, int] = defaultdict(int)
    after, weight = 0.0, 0.0
    found = []
    for index, stratum in enumerate(strata[:-1]):
        first, size = before[stratum], sizes[stratum]
        weight += ((first + 1) * (size - first - 1) - first * (size - first)) / size
        before[stratum] += 1
        after -= float(scores[index])
        rest = spread - after * after / weight if weight > 1e-9 else spread
        penalty = math.log(weight) / 2 if weight > 1e-9 else math.inf
        found.append(-math.inf if weight <= 1e-9 else -freedom / 2 * math.log(max(rest, 1e-9)) - penalty)
    if not any(math.isfinite(score) for score in found):
        found = [0.0] * len(found)
    return _moment(found, level)


def ratio_of_sizes(
    before: Sequence[Sequence[float] | Floats], after: Sequence[Sequence[float] | Floats], level: float
) -> tuple[float, Interval] | None:
    """How many times larger sizes are after than before, each given stratum by stratum; ``None`` without common strata.

    Hodges & Lehmann, *Annals of Mathematical Statistics* 34 (1963) 598-611, on logarithms: the median of all quotients
    within strata, with the interval that inverts the stratified rank-sum test (normal approximation, van Elteren's
    setting with equal weight for every pair).
    """
    import numpy as np

    quotients, pairs, variance = [], 0.0, 0.0
    for first, second in zip(before, after, strict=True):
        if not len(first) or not len(second):
            continue
        # Enough for an interval; more would only cost memory.
        old, new = np.log(first[-_PAIRED:]), np.log(second[-_PAIRED:])
        quotients.append(np.subtract.outer(new, old).ravel())
        pairs += len(old) * len(new)
        variance += len(old) * len(new) * (len(old) + len(new) + 1) / 12
    if not quotients:
        return None
    every = np.concatenate(quotients)
    reach = math.floor(pairs / 2 - two_sided(level) * math.sqrt(variance))
    wanted = [len(every) // 2, (len(every) - 1) // 2, *((reach, len(every) - 1 - reach) if reach >= 0 else ())]
    every.partition(sorted(set(wanted)))
    low, high = (float(every[reach]), float(every[-1 - reach])) if reach >= 0 else (-math.inf, math.inf)
    ends = Interval(math.exp(low), math.exp(high) if high < _HUGE else math.inf)
    return math.exp(float(np.mean([every[wanted[1]], every[wanted[0]]]))), ends


def _moment(scores: Sequence[float], level: float) -> Moment:
    """The ends of the smallest set of moments that holds ``level``; score ``i``: the change precedes run ``i + 1``."""
    import numpy as np

    if not scores:
        raise ValueError("a change lies between two runs")
    logs = np.array(scores)
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    order = np.argsort(-chances, kind="stable")
    enough = int(np.searchsorted(np.cumsum(chances[order]), level)) + 1
    kept = order[:enough]
    return Moment(int(order[0]) + 1, int(kept.min()) + 1, int(kept.max()) + 1)
