"""Two sides compared task by task, so that an agent with harder work is not called worse.

The estimate is the Mantel-Haenszel risk difference: task differences, weighted so that a task counts as much as both
sides attempted it. It asks for no large counts on any task: one execution a side on each of many tasks will do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .difference import Method, Stratum, newcombe
from .proportion import Interval, two_sided

# Discordant outcomes below which the normal approximation under Klingenberg's interval is not trusted. In simulations
# over 400 layouts of tasks (2 to 39 tasks, 1 to 7 executions a side) coverage of the 95 % interval then stayed above
# 93 %; without the rule it fell to 42 % where almost every task has a certain outcome.
_ENOUGH_DISCORDANT = 10


class Sums(NamedTuple):
    """The sums over tasks that estimate and variance are made of; names as in Sato (1989)."""

    weight: float
    estimate: float
    p: float
    q: float


def sums(strata: Iterable[Stratum]) -> Sums:
    """Weight, Mantel-Haenszel estimate (second minus first), and P and Q of Sato's variance."""
    weights, differences, ps, qs = [], [], [], []
    for stratum in strata:
        x0, n0 = stratum.first_successes, stratum.first_total
        x1, n1 = stratum.second_successes, stratum.second_total
        n = n0 + n1
        weights.append(n0 * n1 / n)
        differences.append((x1 * n0 - x0 * n1) / n)
        ps.append((n1 * n1 * x0 - n0 * n0 * x1 + n0 * n1 * (n0 - n1) / 2) / (n * n))
        qs.append((x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n))
    weight = math.fsum(weights)
    return Sums(weight, math.fsum(differences) / weight, math.fsum(ps), math.fsum(qs))


def sato(strata: Iterable[Stratum]) -> tuple[float, float]:
    """Mantel-Haenszel risk difference and its variance, valid for few large and for many small tasks alike.

    Greenland & Robins, *Biometrics* 41 (1985) 55-68; Sato, *Biometrics* 45 (1989) 1323-1324 (letter).
    """
    total = sums(strata)
    return total.estimate, max(0.0, (total.estimate * total.p + total.q) / total.weight**2)


def mantel_haenszel(strata: Sequence[Stratum], level: float = 0.95) -> tuple[float, Interval, Method]:
    """Mantel-Haenszel risk difference with its interval, and how the interval was made.

    With enough discordant outcomes the score-like interval on Sato's variance (Klingenberg, *Statistics in Medicine* 33
    (2014) 2968-2983), which gains from comparing within tasks. With fewer, Newcombe's hybrid interval on the weighted
    rates and their effective sample sizes, which forgoes that gain and so errs on the wide side.
    """
    total = sums(strata)
    estimate = max(-1.0, min(1.0, total.estimate))
    if 4 * total.q < _ENOUGH_DISCORDANT:
        return estimate, _on_effective_sizes(strata, level), "mantel-haenszel-newcombe"
    z = two_sided(level)
    middle = total.estimate + z * z * total.p / (2 * total.weight**2)
    reach = math.sqrt(max(0.0, middle**2 - total.estimate**2 + z * z * total.q / total.weight**2))
    return estimate, Interval(max(-1.0, middle - reach), min(1.0, middle + reach)), "mantel-haenszel"


def _on_effective_sizes(strata: Sequence[Stratum], level: float) -> Interval:
    weights = [s.first_total * s.second_total / (s.first_total + s.second_total) for s in strata]
    weight = math.fsum(weights)
    first = math.fsum(w * s.first_successes / s.first_total for w, s in zip(weights, strata, strict=True)) / weight
    second = math.fsum(w * s.second_successes / s.second_total for w, s in zip(weights, strata, strict=True)) / weight
    first_size = weight**2 / math.fsum(w * w / s.first_total for w, s in zip(weights, strata, strict=True))
    second_size = weight**2 / math.fsum(w * w / s.second_total for w, s in zip(weights, strata, strict=True))
    return newcombe(min(1.0, first), first_size, min(1.0, second), second_size, level)
