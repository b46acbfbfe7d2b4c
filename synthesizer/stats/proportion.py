"""One proportion and its interval."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

import msgspec


class Interval(msgspec.Struct, frozen=True, rename="camel"):
    """The values that are compatible with the data, both ends included."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether ``value`` lies outside."""
        return value < self.low or value > self.high

    def within(self, margin: float) -> bool:
        """Whether the whole interval lies between ``-margin`` and ``+margin``."""
        return -margin <= self.low and self.high <= margin


class Proportion(msgspec.Struct, frozen=True, rename="camel"):
    """``successes`` of ``total`` with the interval of the rate; the rate is ``None`` when nothing was observed."""

    successes: int
    total: int
    rate: float | None
    interval: Interval


@cache
def normal_quantile(probability: float) -> float:
    """The value a standard normal variable stays below with this probability."""
    return NormalDist().inv_cdf(probability)


def two_sided(level: float) -> float:
    """How many standard errors a two-sided interval of this level reaches: 1.96 for 0.95."""
    return normal_quantile(0.5 + level / 2)


def wilson(rate: float, total: float, level: float = 0.95) -> Interval:
    """Score interval of a proportion, for a ``total`` that may be an effective (broken) sample size.

    It keeps its level where the textbook interval fails, for few observations and rates near 0 and 1.
    Wilson, *JASA* 22 (1927) 209-212; recommended by Brown, Cai & DasGupta, *Statistical Science* 16 (2001) 101-133.
    """
    if total <= 0:
        return Interval(0.0, 1.0)
    z = two_sided(level)
    shrink = 1 + z * z / total
    middle = (rate + z * z / (2 * total)) / shrink
    reach = z / shrink * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    # At the ends the formula gives 0 and 1 but for the last bit, which must not leave the observed rate outside.
    return Interval(0.0 if rate <= 0 else max(0.0, middle - reach), 1.0 if rate >= 1 else min(1.0, middle + reach))


def clopper_pearson(successes: int, total: int, level: float = 0.95) -> Interval:
    """Exact interval of a proportion: covers at least as often as it says, for every rate and every total.

    For where a guarantee counts more than width: Wilson's keeps its level on average over rates, but falls below it at
    some (``docs/statistics.md`` says where and how far). Clopper & Pearson, *Biometrika* 26 (1934) 404-413.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(successes, total - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, total - successes, 1 - tail)) if successes < total else 1.0
    return Interval(low, high)


def proportion(successes: int, total: int, level: float = 0.95) -> Proportion:
    """``successes`` of ``total`` with their Wilson interval."""
    rate = successes / total if total else None
    return Proportion(successes, total, rate, wilson(rate or 0.0, total, level))
