"""Many comparisons at once: how often a finding may be false."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (q-values), in the order given: findings with ``q <= a`` are false in at most a share ``a``.

    Benjamini & Hochberg, *JRSS B* 57 (1995) 289-300.
    """
    count = len(p_values)
    adjusted = [1.0] * count
    smallest = 1.0
    by_size = sorted(range(count), key=lambda index: p_values[index], reverse=True)
    for behind, index in enumerate(by_size):
        smallest = min(smallest, p_values[index] * count / (count - behind))
        adjusted[index] = smallest
    return adjusted
