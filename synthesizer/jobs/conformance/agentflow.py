"""The conformance figure AgentFlow defines, on soma's paths, for people who compare.

What is known of it: a run's steps are children of its agent; the model holds the share of each step among all steps of
all runs. Every distinct step of a run is a check, which a step of less than a tenth of the share fails; a step of more
than half that the run lacks is one more check, failed. The figure is the share of checks passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

_RARE, _LIKELY = 0.1, 0.5
_FEWEST_POINTS, _TREND = 10, 0.3
MISSES = (
    "AgentFlow's figure knows no order and no repeats, calls every step rare where more than ten are in use, and lets "
    "a run vouch for itself."
)


class Trend(msgspec.Struct, frozen=True, rename="camel"):
    """AgentFlow's answer on drift: a straight line through its conformance figures.

    Attributes:
        status: ``insufficient_data``, ``degrading``, ``improving`` or ``stable``.
    """

    status: str
    slope: float | None
    r2: float | None
    points: int


def shares(runs: Iterable[tuple[Sequence[str], Sequence[int]]]) -> dict[str, float]:
    """The share of each step among all steps; a run is its actions and how often each was done in a row."""
    counts: Counter[str] = Counter()
    for actions, times in runs:
        for action, many in zip(actions, times, strict=True):
            counts[action] += many
    return shares_of(counts)


def shares_of(counts: Mapping[str, int]) -> dict[str, float]:
    """The same from how often each step was done."""
    total = sum(counts.values())
    return {action: many / total for action, many in counts.items()}


def figure(actions: Collection[str], model: Mapping[str, float]) -> float:
    """The figure of one run against the model."""
    own = set(actions)
    lacking = sum(share > _LIKELY and action not in own for action, share in model.items()) if own else 0
    rare = sum(model.get(action, 0.0) < _RARE for action in own)
    checks = len(own) + lacking
    return (checks - rare - lacking) / checks if checks else 1.0


def trend(points: Sequence[float]) -> Trend:
    """Its drift status: least squares on the order of runs, called a trend where r² exceeds 0.3."""
    count = len(points)
    if count < _FEWEST_POINTS:
        return Trend("insufficient_data", None, None, count)
    middle, mean = (count - 1) / 2, sum(points) / count
    sxx = sum((index - middle) ** 2 for index in range(count))
    slope = sum((index - middle) * (value - mean) for index, value in enumerate(points)) / sxx
    total = sum((value - mean) ** 2 for value in points)
    r2 = slope * slope * sxx / total if total > 0 else 0.0
    status = "stable" if r2 <= _TREND else "degrading" if slope < 0 else "improving"
    return Trend(status, slope, r2, count)
