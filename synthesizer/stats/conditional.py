"""Exact tests given how many succeeded on each task: no success rate is left unknown, however many tasks there are.

Exact p-values of counts are valid but cautious: a test at 5 % rejects in fewer than 5 % of cases, sometimes far fewer,
because the chance of the very outcome seen counts in full. The mid-p-value counts it by half: its false alarms lie
about the level instead of far below (how near: ``docs/statistics.md``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache, reduce
from typing import TYPE_CHECKING

from .difference import Stratum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LARGEST_EXACT = 4000
_SAME_PROBABILITY = 1 + 1e-7


def exact_test(strata: Sequence[Stratum]) -> float:
    """Two-sided p-value of no difference on any task: exact, given how many succeeded on each task.

    One task: Fisher's test. One execution a side on each: McNemar's exact test. Between: the distribution of the first
    side's successes is the convolution of the tasks' hypergeometric ones (Birch, *JRSS B* 26 (1964) 313-324). Where the
    counts are so large that this would be slow, the Mantel-Haenszel test (*JNCI* 22 (1959) 719-748), the same by then.
    """
    return _conditional(strata, 1.0)


def mid_p_test(strata: Sequence[Stratum]) -> float:
    """Two-sided mid-p-value of no difference on any task: as :func:`exact_test`, but ties with the outcome count half.

    Not guaranteed to stay below the level, unlike :func:`exact_test`, but close to it, and so with more power. On one
    task it is the mid-p Fisher test, with one execution a side on each the mid-p McNemar test. 1 where no task could
    tell, as all or none of its executions succeeded.

    Lancaster, *JASA* 56 (1961) 223-234; Hirji, Tan & Elashoff, *Statistics in Medicine* 10 (1991) 1137-1153 for two
    proportions; Hirji, *Exact Analysis of Discrete Data* (2006), ch. 8, over strata.
    """
    return _conditional(strata, 0.5)


def mcnemar(first_only: int, second_only: int, *, mid_p: bool = False) -> float:
    """Two-sided p-value of McNemar's exact test for pairs: how often only the first, and only the second succeeded.

    McNemar, *Psychometrika* 12 (1947) 153-157; the mid-p version: Fagerland, Lydersen & Laake, *BMC Medical Research
    Methodology* 13 (2013) 91.
    """
    from scipy.stats import binom

    discordant = first_only + second_only
    if not discordant:
        return 1.0
    fewer = min(first_only, second_only)
    doubled = 2 * float(binom.cdf(fewer, discordant, 0.5))
    if not mid_p:
        return min(1.0, doubled)
    seen = float(binom.pmf(fewer, discordant, 0.5))
    # With as many on either side, the outcome is in both tails at once: no outcome is likelier.
    return 1 - seen / 2 if first_only == second_only else doubled - seen


def large_sample_test(strata: Sequence[Stratum]) -> float:
    """Two-sided p-value of the Mantel-Haenszel test without continuity correction.

    Mantel & Haenszel, *JNCI* 22 (1959) 719-748. 1 where no task could tell.
    """
    excess, variance = [], []
    for s in strata:
        n, successes = s.first_total + s.second_total, s.first_successes + s.second_successes
        if n > 1:
            excess.append(s.first_successes - s.first_total * successes / n)
            variance.append(s.first_total * s.second_total * successes * (n - successes) / (n * n * (n - 1)))
    spread = math.fsum(variance)
    return math.erfc(abs(math.fsum(excess)) / math.sqrt(2 * spread)) if spread > 0 else 1.0


def _conditional(strata: Sequence[Stratum], tied: float) -> float:
    import numpy as np

    telling = [s for s in strata if 0 < s.first_successes + s.second_successes < s.first_total + s.second_total]
    telling = [s for s in telling if s.first_total and s.second_total]
    if not telling:
        return 1.0
    if sum(min(s.first_total, s.first_successes + s.second_successes) for s in telling) > _LARGEST_EXACT:
        return large_sample_test(telling)
    parts: list[NDArray[np.float64]] = []
    observed = 0
    for stratum in sorted(telling, key=_support):
        lowest, masses = hypergeometric(
            stratum.first_total, stratum.second_total, stratum.first_successes + stratum.second_successes
        )
        parts.append(masses)
        observed += stratum.first_successes - lowest
    whole = reduce(np.convolve, parts)
    seen = whole[observed]
    extreme = whole[whole <= seen * _SAME_PROBABILITY]
    ties = extreme[extreme >= seen / _SAME_PROBABILITY]
    return min(1.0, float(extreme.sum()) - (1 - tied) * float(ties.sum()))


def _support(stratum: Stratum) -> tuple[int, int, int, int]:
    return (stratum.first_total, stratum.second_total, stratum.first_successes, stratum.second_successes)


@lru_cache(maxsize=4096)
def hypergeometric(first_total: int, second_total: int, successes: int) -> tuple[int, NDArray[np.float64]]:
    """Lowest possible count of the first side's successes, and the probabilities from there on."""
    import numpy as np

    lowest, highest = max(0, successes - second_total), min(successes, first_total)
    counts = np.arange(lowest, highest + 1)
    logarithms = _log_choose(first_total, counts) + _log_choose(second_total, successes - counts)
    masses = np.exp(logarithms - logarithms.max())
    return lowest, masses / masses.sum()


def _log_choose(total: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    logarithms = _log_factorials(2 ** max(10, total.bit_length()))
    found: NDArray[np.float64] = logarithms[total] - logarithms[chosen] - logarithms[total - chosen]
    return found


@cache
def _log_factorials(many: int) -> NDArray[np.float64]:
    """Of 0, 1 and so on; by ``math``, whose last digits are those of no other library."""
    import numpy as np

    return np.array([math.lgamma(number + 1) for number in range(many)])
