"""Exact unconditional tests of one 2x2 table: Boschloo's and Barnard's.

Both sides' totals are given, the common success rate under "no difference" is not: the p-value is the largest chance,
over all common rates, of a table at least as extreme as the one seen. Nothing is conditioned on, so fewer tables tie,
and more differences are found than by Fisher's test at the same guaranteed level. Boschloo orders tables by Fisher's
two-sided p-value, hence his p-value is never above Fisher's; Barnard (as Suissa & Shuster put it to work) by the pooled
z statistic.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .difference import Stratum, fisher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST_TABLES = 100_000
"""Possible tables of two totals, up to which the unconditional tests are worked out."""

_LARGEST_SIDE = 2000
_COARSE = 513
_FINE = 65
_PEAKS = 4
# Probabilities and statistics that are equal in exact arithmetic may differ in their last bits.
_TIE = 1e-7


def feasible(first_total: int, second_total: int) -> bool:
    """Whether the exact unconditional tests are worked out for these totals (up to about 300 a side)."""
    cells = (first_total + 1) * (second_total + 1)
    return cells <= LARGEST_TABLES and max(first_total, second_total) <= _LARGEST_SIDE


def boschloo(stratum: Stratum) -> float:
    """Two-sided p-value of Boschloo's exact unconditional test: valid, and never above Fisher's.

    Tables are ordered by Fisher's two-sided p-value, as in R's ``Exact``; scipy doubles the smaller one-sided p-value,
    which is the same when both totals are equal. Beyond :data:`LARGEST_TABLES` it is Fisher's, valid as well, and close
    by then.

    Boschloo, *Statistica Neerlandica* 24 (1970) 1-35; recommended by Lydersen, Fagerland & Laake, *Statistics in
    Medicine* 28 (2009) 1159-1175.
    """
    if not stratum.first_total or not stratum.second_total:
        return 1.0
    if not feasible(stratum.first_total, stratum.second_total):
        return fisher(stratum)
    return _boschloo(stratum.first_successes, stratum.first_total, stratum.second_successes, stratum.second_total)


def barnard(stratum: Stratum) -> float:
    """Two-sided p-value of Barnard's exact unconditional test with the pooled z statistic.

    Barnard, *Biometrika* 34 (1947) 123-138; Suissa & Shuster, *JRSS A* 148 (1985) 317-327.

    Raises:
        ValueError: if the totals allow more than :data:`LARGEST_TABLES` tables.
    """
    x, m, y, n = stratum.first_successes, stratum.first_total, stratum.second_successes, stratum.second_total
    if not m or not n:
        return 1.0
    if not feasible(m, n):
        raise ValueError(f"Barnard's test is worked out for about 300 a side, not for {m} and {n}")
    statistic = _pooled(m, n)
    return _supremum(m, n, statistic >= statistic[x, y] * (1 - _TIE))


@lru_cache(maxsize=4096)
def boschloo_threshold(first_total: int, second_total: int, alpha: float) -> float:
    """Fisher's p-value up to which Boschloo's is at most ``alpha`` for these totals; -1 where no table gets there.

    Boschloo's test at a fixed level is Fisher's with a raised threshold, which is what Boschloo's paper is about.
    """
    import numpy as np

    table = fisher_table(first_total, second_total)
    values = np.unique(table)
    below, above = -1, len(values)
    while above - below > 1:
        middle = (below + above) // 2
        if _supremum(first_total, second_total, table <= values[middle] * (1 + _TIE)) <= alpha:
            below = middle
        else:
            above = middle
    return float(values[below]) * (1 + _TIE) if below >= 0 else -1.0


@lru_cache(maxsize=32)
def fisher_table(first_total: int, second_total: int) -> NDArray[np.float64]:
    """Fisher's two-sided p-values of all tables with these totals, by successes of the first and of the second."""
    import numpy as np

    table = np.ones((first_total + 1, second_total + 1))
    first, second = _log_choose(first_total), _log_choose(second_total)
    for successes in range(first_total + second_total + 1):
        counts = np.arange(max(0, successes - second_total), min(successes, first_total) + 1)
        logarithms = first[counts] + second[successes - counts]
        masses = np.exp(logarithms - logarithms.max())
        masses /= masses.sum()
        ascending = np.sort(masses)
        reached = np.searchsorted(ascending, masses * (1 + _TIE), side="right")
        table[counts, successes - counts] = np.minimum(1.0, np.cumsum(ascending)[reached - 1])
    table.setflags(write=False)
    return table


@lru_cache(maxsize=16384)
def _boschloo(x: int, m: int, y: int, n: int) -> float:
    table = fisher_table(m, n)
    # The supremum is found to rounding; Fisher's p-value bounds it in exact arithmetic.
    return min(float(table[x, y]), _supremum(m, n, table <= table[x, y] * (1 + _TIE)))


@lru_cache(maxsize=32)
def _pooled(m: int, n: int) -> NDArray[np.float64]:
    """Absolute z statistic with pooled variance, of every table."""
    import numpy as np

    x, y = np.arange(m + 1)[:, None], np.arange(n + 1)[None, :]
    rate = (x + y) / (m + n)
    variance = rate * (1 - rate) * (1 / m + 1 / n)
    statistic = np.abs(y / n - x / m) / np.sqrt(np.where(variance > 0, variance, 1.0))
    statistic.setflags(write=False)
    return statistic


def _supremum(m: int, n: int, region: NDArray[np.bool_]) -> float:
    """The largest chance of ``region`` over all common rates.

    On the arcsine scale the chance changes over about ``1 / (2 sqrt(m + n))`` everywhere, ends included, so an even
    grid there misses no peak; the highest peaks are then searched more finely.
    """
    import numpy as np

    runs = runs_of(region)
    angles = np.linspace(0, math.pi / 2, _COARSE)
    chances = _chances(runs, _grid_masses(m), *_grid_tails(n))
    best = float(chances.max())
    padded = np.concatenate(([-1.0], chances, [-1.0]))
    peaks = np.flatnonzero((chances >= padded[:-2]) & (chances >= padded[2:]))
    peaks = peaks[np.argsort(-chances[peaks], kind="stable")][:_PEAKS]
    step = angles[1]
    for peak in peaks:
        fine = np.clip(np.linspace(angles[peak] - step, angles[peak] + step, _FINE), 0, math.pi / 2)
        rates = np.sin(fine) ** 2
        best = max(best, float(chances_of(runs, m, rates, n, rates).max()))
    return min(1.0, best)


class Runs(NamedTuple):
    """A set of tables as runs: ``row`` successes of the first side, from ``start`` to below ``end`` of the second."""

    row: NDArray[np.intp]
    start: NDArray[np.intp]
    end: NDArray[np.intp]


def runs_of(region: NDArray[np.bool_]) -> Runs:
    """The runs a set of tables (successes of the first by successes of the second) is made of."""
    import numpy as np

    edges = np.diff(np.pad(region, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    return Runs(row, start, end)


def chances_of(
    runs: Runs, first_total: int, first: NDArray[np.float64], second_total: int, second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The chance of a set of tables at each pair of rates."""
    return _chances(runs, masses(first_total, first), *_tails(masses(second_total, second)))


def _chances(
    runs: Runs, first: NDArray[np.float64], below: NDArray[np.float64], above: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sums over runs rather than tables, which is fast without a matrix product, whose bits depend on threads."""
    import numpy as np

    # A run that reaches an end is one tail: no difference of two sums near 1 that would swallow a small chance.
    inner = below[:, runs.end] - below[:, runs.start]
    within = np.where(
        runs.start == 0, below[:, runs.end], np.where(runs.end == above.shape[1] - 1, above[:, runs.start], inner)
    )
    chances: NDArray[np.float64] = (first[:, runs.row] * np.maximum(within, 0.0)).sum(axis=1)
    return chances


def _tails(chances: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chances of fewer than k, and of k or more, for k from 0 to one past the total."""
    import numpy as np

    none = np.zeros((len(chances), 1))
    below = np.concatenate((none, np.cumsum(chances, axis=1)), axis=1)
    above = np.concatenate((np.cumsum(chances[:, ::-1], axis=1)[:, ::-1], none), axis=1)
    return below, above


@lru_cache(maxsize=32)
def _grid_tails(total: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _tails(_grid_masses(total))


@lru_cache(maxsize=64)
def _grid_masses(total: int) -> NDArray[np.float64]:
    import numpy as np

    return masses(total, np.sin(np.linspace(0, math.pi / 2, _COARSE)) ** 2)


def masses(total: int, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Binomial probabilities of 0 to ``total`` successes (columns) at each rate (rows)."""
    import numpy as np
    from scipy.special import xlog1py, xlogy

    counts = np.arange(total + 1)[None, :]
    rates = np.asarray(rates)[:, None]
    chances: NDArray[np.float64] = np.exp(
        _log_choose(total)[None, :] + xlogy(counts, rates) + xlog1py(total - counts, -rates)
    )
    return chances


@lru_cache(maxsize=256)
def _log_choose(total: int) -> NDArray[np.float64]:
    import numpy as np
    from scipy.special import gammaln

    counts = np.arange(total + 1)
    logarithms: NDArray[np.float64] = gammaln(total + 1) - gammaln(counts + 1) - gammaln(total - counts + 1)
    return logarithms
