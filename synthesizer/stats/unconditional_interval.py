"""An interval of a difference that never falls below its level: for few executions and rates near 0 and 1."""

from __future__ import annotations

from functools import lru_cache

from .difference import Stratum
from .proportion import Interval
from .score import score
from .unconditional import chances_of, feasible, runs_of

_STEPS = 80
_RATES = 201
_HALVINGS = 20


def chan_zhang(stratum: Stratum, level: float = 0.95) -> Interval:
    """Differences (second minus first) that neither of two exact one-sided tests rejects.

    Tables are ordered by the score statistic, and the chance of one at least as extreme is the largest over all rates
    (201 of them, evenly spread on the arcsine scale) that have the difference. Coverage is at least the level for every
    pair of rates, whatever the counts; the price is width. Chan & Zhang, *Biometrics* 55 (1999) 1202-1209.

    Raises:
        ValueError: if a side has no executions, or there are more of them than the exact tests are worked out for.
    """
    if not stratum.first_total or not stratum.second_total:
        raise ValueError("an interval of a difference takes executions on both sides")
    if not feasible(stratum.first_total, stratum.second_total):
        raise ValueError("the exact interval is worked out for about 300 a side")
    x, m, y, n = stratum.first_successes, stratum.first_total, stratum.second_successes, stratum.second_total
    tail = (1 - level) / 2
    # The lower end of the mirrored table is the upper end of this one.
    return Interval(_lower(x, m, y, n, tail), -_lower(y, n, x, m, tail))


@lru_cache(maxsize=1024)
def _lower(x: int, m: int, y: int, n: int, tail: float) -> float:
    """The smallest difference whose one-sided p-value exceeds ``tail``."""
    estimate = y / n - x / m
    before = -1.0
    for step in range(1, _STEPS + 1):
        here = -1 + (estimate + 1) * step / _STEPS
        if _chance(x, m, y, n, here) > tail:
            break
        before = here
    else:
        return before
    inside, outside = here, before
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if _chance(x, m, y, n, middle) > tail:
            inside = middle
        else:
            outside = middle
    return outside


def _chance(x: int, m: int, y: int, n: int, difference: float) -> float:
    """Largest chance, over rates with this difference, of a score at least as high as the one seen."""
    import numpy as np

    scores = score(np.arange(m + 1)[:, None], m, np.arange(n + 1)[None, :], n, difference)
    seen = scores[x, y]
    region = scores >= (seen - 1e-9 * max(1.0, abs(seen)) if np.isfinite(seen) else seen)
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    first = low + (high - low) * np.sin(np.linspace(0, np.pi / 2, _RATES)) ** 2
    second = np.clip(first + difference, 0, 1)
    return float(chances_of(runs_of(region), m, first, n, second).max())
