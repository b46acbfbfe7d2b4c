"""What a comparison can find: its power, and the smallest difference it is likely to find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .proportion import two_sided
from .unconditional import boschloo_threshold, chances_of, feasible, fisher_table, runs_of

_HALVINGS = 40


class Planned(NamedTuple):
    """What is planned on one task: the first side's rate, and the executions of each side."""

    rate: float
    first_total: int
    second_total: int


def power(first_rate: float, second_rate: float, first_total: int, second_total: int, level: float = 0.95) -> float:
    """Chance that :func:`soma.synthesizer.stats.boschloo` finds these rates different at this level.

    Exact, by adding up the chances of all tables it rejects, up to about 300 a side; beyond, the normal approximation
    (Fleiss, Levin & Paik, *Statistical Methods for Rates and Proportions*, 2003, ch. 4).

    Raises:
        ValueError: if a rate does not lie between 0 and 1.
    """
    import numpy as np

    for rate in (first_rate, second_rate):
        if not 0 <= rate <= 1:
            raise ValueError(f"a rate lies between 0 and 1, not at {rate}")
    if not first_total or not second_total:
        return 0.0
    if not feasible(first_total, second_total):
        return power_over_tasks([Planned(first_rate, first_total, second_total)], second_rate - first_rate, level)
    threshold = boschloo_threshold(first_total, second_total, 1 - level)
    rejected = runs_of(fisher_table(first_total, second_total) <= threshold)
    chances = chances_of(rejected, first_total, np.array([first_rate]), second_total, np.array([second_rate]))
    return min(1.0, float(chances[0]))


def detectable(
    rate: float, first_total: int, second_total: int, level: float = 0.95, power_wanted: float = 0.8
) -> float | None:
    """The smallest difference from ``rate`` that is found with this power, by halving on :func:`power`.

    The other rate lies below ``rate``, or above it where no rate below would be found; ``None`` where none above would
    either.
    """

    def reached(other: float) -> bool:
        return power(rate, other, first_total, second_total, level) >= power_wanted

    return _smallest(rate, reached)


def power_over_tasks(planned: Sequence[Planned], difference: float, level: float = 0.95) -> float:
    """Chance that the test over tasks finds the second side ``difference`` above the first (below where negative).

    Where a task has no room for the difference, as much of it as there is. Normal approximation to the Mantel-Haenszel
    test, with its variance under none and under the difference: Woolson, Bean & Rojas, *Biometrics* 42 (1986) 927-932;
    Nam, *Biometrics* 48 (1992) 389-395. One task: Fleiss, Levin & Paik (2003), ch. 4.
    """
    shift, under_none, under_effect = [], [], []
    for rate, m, n in planned:
        if not m or not n:
            continue
        other = min(1.0, max(0.0, rate + difference))
        weight = m * n / (m + n)
        middle = (m * rate + n * other) / (m + n)
        shift.append(weight * (other - rate))
        # Given the successes of a task, as the test takes them, the variance is that of N/(N-1) of the plain one.
        under_none.append(weight * middle * (1 - middle) * _conditioned(rate, other, m, n))
        under_effect.append(weight**2 * (rate * (1 - rate) / m + other * (1 - other) / n))
    if not shift:
        return 0.0
    reach = two_sided(level) * math.sqrt(math.fsum(under_none))
    spread = math.sqrt(math.fsum(under_effect))
    away = abs(math.fsum(shift))
    if spread == 0:
        return 1.0 if away > reach else 0.0
    return min(1.0, _normal((away - reach) / spread) + _normal((-away - reach) / spread))


def detectable_over_tasks(planned: Sequence[Planned], level: float = 0.95, power_wanted: float = 0.8) -> float | None:
    """The smallest difference, the same on every task, that is found with this power, by halving on its power.

    Downwards, or upwards where none downwards would be found; ``None`` where none upwards would either.
    """
    for sign in (-1.0, 1.0):
        low, high = 0.0, 1.0
        if power_over_tasks(planned, sign, level) < power_wanted:
            continue
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if power_over_tasks(planned, sign * middle, level) >= power_wanted:
                high = middle
            else:
                low = middle
        return high
    return None


def _smallest(rate: float, reached: Callable[[float], bool]) -> float | None:
    for end in (0.0, 1.0):
        if end == rate or not reached(end):
            continue
        near, far = rate, end
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            if reached(middle):
                far = middle
            else:
                near = middle
        return abs(far - rate)
    return None


def _conditioned(rate: float, other: float, m: int, n: int) -> float:
    """Mean of the test's variance over the plain one at the mean rate: below 1 for few executions that differ."""
    total = m + n
    middle = (m * rate + n * other) / total
    plain = middle * (1 - middle)
    if plain <= 0:
        return 1.0
    spread = (m * rate * (1 - rate) + n * other * (1 - other)) / total**2
    return (plain - spread) * total / (total - 1) / plain


def _normal(value: float) -> float:
    return math.erfc(-value / math.sqrt(2)) / 2
