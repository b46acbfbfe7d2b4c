"""The difference of two proportions, on one task or over several tasks."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from .proportion import Interval, wilson

Method = Literal["newcombe", "mantel-haenszel", "mantel-haenszel-newcombe"]


class Stratum(msgspec.Struct, frozen=True, rename="camel"):
    """Two sides on one task: successes and totals of the first and of the second."""

    first_successes: int
    first_total: int
    second_successes: int
    second_total: int


class Difference(msgspec.Struct, frozen=True, rename="camel"):
    """How much higher the second proportion is than the first.

    Attributes:
        estimate: Second minus first, -1 to 1; weighted by task where there are several.
        interval: What is compatible with the data.
        p_value: Two-sided exact conditional test that there is no difference on any task.
        method: How the interval was made: ``soma.synthesizer.stats.stratified``.
        strata: Tasks compared.
    """

    estimate: float
    interval: Interval
    p_value: float
    method: Method
    strata: int


def newcombe(first_rate: float, first_total: float, second_rate: float, second_total: float, level: float) -> Interval:
    """Hybrid score interval of second minus first, out of the Wilson intervals of both.

    Newcombe, *Statistics in Medicine* 17 (1998) 873-890, method 10.
    """
    first, second = wilson(first_rate, first_total, level), wilson(second_rate, second_total, level)
    estimate = second_rate - first_rate
    below = math.hypot(second_rate - second.low, first.high - first_rate)
    above = math.hypot(second.high - second_rate, first_rate - first.low)
    return Interval(max(-1.0, estimate - below), min(1.0, estimate + above))


def fisher(stratum: Stratum) -> float:
    """Two-sided p-value of Fisher's exact test for one table.

    Fisher, *Journal of the Royal Statistical Society* 98 (1935) 39-82.
    """
    import numpy as np
    from scipy.stats import fisher_exact

    rows = np.array(
        [
            [stratum.first_successes, stratum.first_total - stratum.first_successes],
            [stratum.second_successes, stratum.second_total - stratum.second_successes],
        ]
    )
    return min(1.0, float(fisher_exact(rows).pvalue))
