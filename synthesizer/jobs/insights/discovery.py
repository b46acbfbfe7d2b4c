"""Which of many candidates are findings: exact tests of shares, false discoveries controlled over all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from soma.synthesizer.stats import Proportion, benjamini_hochberg

_Candidate = TypeVar("_Candidate")
FALSE = 0.05
"""The share of false ones among the findings of one finder that is put up with."""


def chance_of(share: Proportion, against: float) -> float:
    """Exact one-sided p-value of "the share is at most ``against``": the binomial tail from ``successes`` on.

    As a regularised incomplete beta function: Clopper & Pearson, *Biometrika* 26 (1934) 404-413.
    """
    from scipy.special import betainc

    if share.successes <= 0:
        return 1.0
    return float(betainc(share.successes, share.total - share.successes + 1, against))


def discovered(candidates: Sequence[_Candidate], p_values: Sequence[float]) -> list[tuple[_Candidate, float]]:
    """The candidates whose q-value over all of them is small enough, each with it, in the order given."""
    adjusted = benjamini_hochberg(p_values)
    return [(item, q) for item, q in zip(candidates, adjusted, strict=True) if q <= FALSE]
