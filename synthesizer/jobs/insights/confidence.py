"""How sure a finding is, from its interval and its support."""

from __future__ import annotations

from statistics import NormalDist

from soma.synthesizer.stats import Difference, Proportion

_HALF = 10
"""Executions with which a finding is trusted half as much as with any number of them."""
_REACH = 2 * NormalDist().inv_cdf(0.975)


def confidence(estimate: float, low: float, high: float, support: int, *, against: float = 0.0) -> float:
    """``(2 * Phi(|estimate - against| / se) - 1) * support / (support + 10)``, between 0 and 1.

    ``se`` is the width of the 95 % interval over 3.92, so the first factor is one minus the two-sided p-value of "the
    effect is ``against``" in a normal approximation; the second holds back what few executions show. Zero where the
    interval reaches ``against``: what is not shown is not proposed.

    Args:
        estimate: The effect or share.
        low: Lower end of its 95 % interval.
        high: Upper end.
        support: Executions it rests on.
        against: The value that would be nothing to report.
    """
    if low <= against <= high or support <= 0:
        return 0.0
    error = (high - low) / _REACH
    sure = 1.0 if error <= 0 else 2 * NormalDist().cdf(abs(estimate - against) / error) - 1
    return round(sure * support / (support + _HALF), 6)


def of_difference(difference: Difference, support: int) -> float:
    """The confidence of a difference against none."""
    interval = difference.interval
    return confidence(difference.estimate, interval.low, interval.high, support)


def of_share(share: Proportion, *, against: float) -> float:
    """The confidence of a share being above ``against``."""
    if share.rate is None or share.interval.low <= against:
        return 0.0
    return confidence(share.rate, share.interval.low, share.interval.high, share.total, against=against)
