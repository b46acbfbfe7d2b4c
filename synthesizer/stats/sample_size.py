"""How many executions an answer takes."""

from __future__ import annotations

import math

from .proportion import normal_quantile, two_sided


def needed_per_side(rate: float, effect: float, level: float = 0.95, power: float = 0.8) -> int:
    """Executions a side that detect a difference of ``effect`` from ``rate`` with this power.

    Normal approximation for two proportions (Fleiss, Levin & Paik, *Statistical Methods for Rates and Proportions*,
    2003, ch. 4). The other rate lies below ``rate``, or above it where there is no room below.

    Raises:
        ValueError: if ``effect`` is not between 0 and 1.
    """
    if not 0 < effect <= 1:
        raise ValueError(f"an effect lies between 0 and 1, not at {effect}")
    other = rate - effect if rate >= effect else min(1.0, rate + effect)
    rate, effect = min(1.0, max(0.0, rate)), abs(rate - other)
    middle = (rate + other) / 2
    under_none = two_sided(level) * math.sqrt(2 * middle * (1 - middle))
    under_effect = normal_quantile(power) * math.sqrt(rate * (1 - rate) + other * (1 - other))
    return max(1, math.ceil(((under_none + under_effect) / effect) ** 2))
