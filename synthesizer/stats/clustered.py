"""Intervals out of what each task adds to an estimate: executions of one task are alike, so tasks are the units.

An estimate that is nearly a sum over executions varies as the sum of what they add (their *influence*: by how much the
estimate would move if such an execution were more frequent). Summed within tasks and squared, that gives a variance
that holds however alike the executions of a task are (Liang & Zeger, *Biometrika* 73 (1986) 13-22). Few tasks vary too
little by (n-1)/n, and Student's quantiles take the place of normal ones.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from .proportion import Interval


class Clustered(msgspec.Struct, frozen=True, rename="camel"):
    """An estimate with its interval.

    Attributes:
        value: The estimate. interval: What is compatible with the data; ``None`` where nothing varies.
        p_value: Two-sided, of the value that means "no difference". clusters: Tasks the scarcer side has.
    """

    value: float
    interval: Interval | None
    p_value: float
    clusters: int


def by_cluster(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Influences summed within clusters, in a fixed order."""
    found: dict[str, list[float]] = defaultdict(list)
    for cluster, influence in parts:
        found[cluster].append(influence)
    return {cluster: math.fsum(found[cluster]) for cluster in sorted(found)}


def standard_error(influence: Mapping[str, float], clusters: int) -> float:
    """Of the estimate that the clusters' influences add up to; ``clusters`` is the number of the scarcer side's."""
    few = clusters / (clusters - 1) if clusters > 1 else 1.0
    return math.sqrt(few * math.fsum(value * value for value in influence.values()))


def estimate(
    value: float,
    influence: Mapping[str, float],
    clusters: int,
    *,
    null: float = 0.0,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    level: float = 0.95,
) -> Clustered:
    """The estimate with Student's interval on ``clusters - 1`` degrees of freedom, cut at ``bounds``."""
    from scipy.special import stdtr, stdtrit

    error = standard_error(influence, clusters)
    if clusters < 2 or error <= 0:
        return Clustered(value, None, 1.0, clusters)
    reach = float(stdtrit(clusters - 1, 0.5 + level / 2)) * error
    low, high = max(bounds[0], value - reach), min(bounds[1], value + reach)
    p_value = 2 * float(stdtr(clusters - 1, -abs(value - null) / error))
    return Clustered(value, Interval(low, high), p_value, clusters)
