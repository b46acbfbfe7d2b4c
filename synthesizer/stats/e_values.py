"""Evidence one may look at every night: e-values and e-processes.

An e-value is a stake's worth: at least 0, and at most 1 on average if there is no difference. An e-process is worth
that at every moment one may choose to stop, so that saying "different" once it reaches 1/0.05 = 20 is wrong in at most
5 % of cases, however often one looks (Ville 1939). Ramdas, Grünwald, Vovk & Shafer, *Statistical Science* 38 (2023)
576-601.

A *block* is what both sides did between two moments fixed without regard to outcomes: a night, or fewer executions in
the order of time. Blocks in which one side did nothing teach but do not bet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from .difference import Stratum
from .score import constrained_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

PRIOR = 0.18
"""Successes and failures a side is credited before the first block: what Turner, Ly & Grünwald (2024) advise."""

# Log odds ratios bet on over tasks: any fixed weights are valid; these favour moderate effects, and no direction.
_BETS = 33
_LARGEST_BET = 4.0
_SPREAD = 1.25


def e_of_p(p_value: float) -> float:
    """An e-value worth no more than its p-value: the mixture of all calibrators ``k * p ** (k - 1)``.

    Vovk & Wang, *Annals of Statistics* 49 (2021) 1736-1754, section 2. A p-value of 0.01 is worth 3.6, of 0.001, 20.
    For a p-value fixed in advance: looking again is not paid for.

    Raises:
        ValueError: if ``p_value`` does not lie between 0 and 1.
    """
    if not 0 <= p_value <= 1:
        raise ValueError(f"a p-value lies between 0 and 1, not at {p_value}")
    if p_value == 0:
        return math.inf
    distance = -math.log(p_value)
    if distance < 1e-3:
        # The series of the formula below, whose numerator cancels here.
        return 0.5 + distance / 6
    return (1 / p_value - 1 - distance) / distance**2


def p_of_e(e_value: float) -> float:
    """A p-value out of an e-value, ``min(1, 1 / e)``: the only calibrator worth having.

    By Markov's inequality; Vovk & Wang (2021), proposition 2.2.

    Raises:
        ValueError: if ``e_value`` is negative or not a number.
    """
    if not e_value >= 0:
        raise ValueError(f"an e-value is a number from 0 on, not {e_value}")
    return 1.0 if e_value <= 1 else 1 / e_value


def e_process(blocks: Sequence[Stratum], difference: float = 0.0) -> list[float]:
    """After each block, the evidence against the second side's rate lying ``difference`` above the first's.

    Before each block both rates are estimated from the blocks before; the block is worth its probability at these rates
    over that at the nearest pair of rates with the difference (in relative entropy, weighted by the block's totals).

    Why the worth is at most 1 on average: with rates ``r`` estimated and ``s`` nearest, one observation of a side is
    worth ``f(t) = t r/s + (1-t)(1-r)/(1-s)`` on average at the true rate ``t``. As ``s`` is nearest, ``m f1 + n f2`` is
    at most ``m + n`` for every true pair with the difference, so ``f1**m * f2**n`` is at most 1 (arithmetic and
    geometric mean). Turner, Ly & Grünwald, *Journal of Statistical Planning and Inference* 230 (2024) 106116; Turner &
    Grünwald, *AISTATS* (2023) 4880-4893 for differences other than none.

    Raises:
        ValueError: if ``difference`` does not lie between -1 and 1.
    """
    if not blocks:
        return []
    path = log_e_process(*_columns(blocks), difference)
    return [_exponential(float(value)) for value in path]


def log_e_process(
    first_successes: ArrayLike, first_totals: ArrayLike, second_successes: ArrayLike, second_totals: ArrayLike,
    difference: ArrayLike = 0.0,
) -> NDArray[np.float64]:  # fmt: skip
    """The natural logarithm of :func:`e_process` for arrays with blocks on the first axis; the others are broadcast."""
    import numpy as np
    from scipy.special import xlogy

    d = np.asarray(difference, dtype=np.float64)
    if not np.all(np.abs(d) <= 1):
        raise ValueError("a difference of two rates lies between -1 and 1")
    x, m, y, n = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (first_successes, first_totals, second_successes, second_totals)
        )
    )
    first, second = _learned(x, m), _learned(y, n)
    if d.ndim:
        # Differences to try lie on axes of their own, behind those of the counts.
        extra = (..., *([None] * d.ndim))
        x, m, y, n, first, second = (value[extra] for value in (x, m, y, n, first, second))
    betting = (m > 0) & (n > 0)
    one, other = np.where(betting, m, 1.0), np.where(betting, n, 1.0)
    nearest = constrained_rate(one * first, one, other * second, other, d)
    opposite = np.clip(nearest + d, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = (
            xlogy(x, first) - xlogy(x, nearest) + xlogy(m - x, 1 - first) - xlogy(m - x, 1 - nearest)
            + xlogy(y, second) - xlogy(y, opposite) + xlogy(n - y, 1 - second) - xlogy(n - y, 1 - opposite)
        )  # fmt: skip
    path: NDArray[np.float64] = np.cumsum(np.where(betting, worth, 0.0), axis=0)
    return path


def e_process_over_tasks(looks: Sequence[Sequence[Stratum]]) -> list[float]:
    """After each look, the evidence against "no difference on any task"; a look holds what was done since the last.

    Given how many of a task's executions succeeded between two looks, no unknown rate is left, so tasks may be as
    unequal as they like: a block is worth its probability under an odds ratio (Fisher's noncentral hypergeometric)
    over that under none, which is exactly 1 on average. Bets are laid on 33 odds ratios at once, symmetric about 1, the
    same for all tasks. A task that one side alone attempted since the last look adds nothing.

    Products over strata: Turner & Grünwald, *AISTATS* (2023) 4880-4893; the conditional distribution: Fisher, *JRSS* 98
    (1935) 39-82; bets on many alternatives at once: Robbins, *Annals of Mathematical Statistics* 41 (1970) 1397-1409.
    """
    import numpy as np

    odds = _log_odds()
    worth = -(odds**2) / (2 * _SPREAD**2)
    worth -= math.log(float(np.exp(worth).sum()))
    path = []
    for look in looks:
        for block in look:
            worth = worth + _worth(block)
        highest = float(worth.max())
        path.append(_exponential(highest + math.log(float(np.exp(worth - highest).sum()))))
    return path


def _log_odds() -> NDArray[np.float64]:
    import numpy as np

    return np.linspace(-_LARGEST_BET, _LARGEST_BET, _BETS)


@lru_cache(maxsize=16384)
def _worth(block: Stratum) -> NDArray[np.float64]:
    """Logarithm of a block's conditional probability under each odds ratio (second over first) over that under none."""
    import numpy as np

    from .conditional import hypergeometric

    odds = _log_odds()
    successes = block.first_successes + block.second_successes
    if not block.first_total or not block.second_total or not 0 < successes < block.first_total + block.second_total:
        return np.zeros_like(odds)
    lowest, masses = hypergeometric(block.second_total, block.first_total, successes)
    exponents = np.log(np.maximum(masses, 1e-300))[:, None] + (lowest + np.arange(len(masses)))[:, None] * odds[None, :]
    highest = exponents.max(axis=0)
    worth: NDArray[np.float64] = (
        block.second_successes * odds - highest - np.log(np.exp(exponents - highest).sum(axis=0))
    )
    return worth


def _columns(blocks: Sequence[Stratum]) -> tuple[list[int], list[int], list[int], list[int]]:
    return (
        [block.first_successes for block in blocks],
        [block.first_total for block in blocks],
        [block.second_successes for block in blocks],
        [block.second_total for block in blocks],
    )


def _learned(successes: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rate estimated before each block, out of those before it."""
    import numpy as np

    successes, totals = np.cumsum(successes, axis=0) - successes, np.cumsum(totals, axis=0) - totals
    rates: NDArray[np.float64] = (successes + PRIOR) / (totals + 2 * PRIOR)
    return rates


def _exponential(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < 700 else math.inf
