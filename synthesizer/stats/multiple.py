"""Many comparisons at once: how often a finding may be false."""

from __future__ import annotations

import math
from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (q-values), in the order given: findings with ``q <= a`` are false in at most a share ``a``.

    For independent or positively dependent tests. Benjamini & Hochberg, *JRSS B* 57 (1995) 289-300; Benjamini &
    Yekutieli (2001) for positive dependence.
    """
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values as :func:`benjamini_hochberg`, valid however the tests depend on each other.

    The price is the factor 1 + 1/2 + ... + 1/m. Benjamini & Yekutieli, *Annals of Statistics* 29 (2001) 1165-1188.
    """
    return _step_up(p_values, math.fsum(1 / rank for rank in range(1, len(p_values) + 1)))


def e_benjamini_hochberg(e_values: Sequence[float]) -> list[float]:
    """Adjusted values of e-values, in the order given: findings with ``q <= a`` are false in at most a share ``a``.

    Valid however the e-values depend on each other, and, where they are e-processes, whenever one looks. The base
    procedure of Wang & Ramdas, *JRSS B* 84 (2022) 822-852: Benjamini & Hochberg's on ``1 / e``.

    Raises:
        ValueError: if an e-value is negative or not a number.
    """
    if not all(value >= 0 for value in e_values):
        raise ValueError("an e-value is a number from 0 on")
    return _step_up([1 / value if value > 0 else math.inf for value in e_values], 1.0)


def _step_up(p_values: Sequence[float], price: float) -> list[float]:
    count = len(p_values)
    adjusted = [1.0] * count
    smallest = 1.0
    by_size = sorted(range(count), key=lambda index: p_values[index], reverse=True)
    for behind, index in enumerate(by_size):
        smallest = min(smallest, p_values[index] * count * price / (count - behind))
        adjusted[index] = smallest
    return adjusted
