"""How sure a finding is, from its interval and its support."""

from __future__ import annotations

from statistics import NormalDist

from soma.synthesizer.stats import Difference, Proportion

_HALF = 10
"""Executions with which a finding is trusted half as much as with any number of them."""
_REACH = 2 * NormalDist().inv_cdf(0.975)
_SURE, _LIKELY = 0.9, 0.6


def word(value: float) -> str:
    """``sure`` from 0.9 on, ``likely`` from 0.6 on, else ``weak``."""
    return "sure" if value >= _SURE else "likely" if value >= _LIKELY else "weak"


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


def among_operators(value: float, operators: int) -> float:
    """The confidence of a finding seen in runs of so many operators: ``c + c * (1 - c) * (1 - 1 / operators) / 2``.

    What several people met with is less likely to be one person's setting. With one operator, or none known, it stays
    as it is; with any number the doubt ``1 - c`` shrinks by less than ``c / 2``, so that nothing unproven becomes sure,
    and of two findings the surer one stays the surer.

    Args:
        value: The confidence from interval and support, 0 to 1.
        operators: Different operators among the runs of the evidence.
    """
    if operators < 2:
        return value
    return round(value + value * (1 - value) * (1 - 1 / operators) / 2, 6)


def of_difference(difference: Difference, support: int) -> float:
    """The confidence of a difference against none."""
    interval = difference.interval
    return confidence(difference.estimate, interval.low, interval.high, support)


def of_share(share: Proportion, *, against: float) -> float:
    """The confidence of a share being above ``against``."""
    if share.rate is None or share.interval.low <= against:
        return 0.0
    return confidence(share.rate, share.interval.low, share.interval.high, share.total, against=against)


def of_q_value(q_value: float, support: int) -> float:
    """The confidence of a finding whose test holds at any time: one minus its q-value instead of the interval's.

    For what was looked at every night, where the p-value behind an ordinary interval promises too much.
    """
    if support <= 0:
        return 0.0
    return round(max(0.0, 1 - q_value) * support / (support + _HALF), 6)
