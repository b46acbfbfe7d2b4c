"""Which of many candidates are findings: exact tests of shares, false discoveries controlled over all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from soma.synthesizer.stats import Proportion, benjamini_hochberg

_Candidate = TypeVar("_Candidate")
FALSE = 0.05
"""The share of false ones among the findings of one finder that is put up with."""


def chance_of(share: Proportion, against: float, *, least: int = 0, rivals: int = 1) -> float:
    """Exact one-sided p-value of "the share is at most ``against``": the binomial tail from ``successes`` on.

    As a regularised incomplete beta function: Clopper & Pearson, *Biometrika* 26 (1934) 404-413.

    Args:
        share: What was observed.
        against: The share that would be nothing to report.
        least: Only shares with so many successes were looked at, and the tail is taken given that: choosing candidates
            by what they show makes no discoveries then. As the binomial has a monotone likelihood ratio, the p-value
            holds for every share up to ``against``.
        rivals: The share is the largest of several, of which so many can lie at ``against`` at once (two at one half).
    """
    if share.successes < max(1, least):
        return 1.0
    given = _tail(least, share.total, against)
    return min(1.0, rivals * _tail(share.successes, share.total, against) / given) if given > 0 else 1.0


def _tail(successes: int, total: int, rate: float) -> float:
    """Chance of at least so many successes."""
    from scipy.special import betainc

    return 1.0 if successes <= 0 else float(betainc(successes, total - successes + 1, rate))


def discovered(candidates: Sequence[_Candidate], p_values: Sequence[float]) -> list[tuple[_Candidate, float]]:
    """The candidates whose q-value over all of them is small enough, each with it, in the order given."""
    adjusted = benjamini_hochberg(p_values)
    return [(item, q) for item, q in zip(candidates, adjusted, strict=True) if q <= FALSE]
