"""Score intervals of a difference: the rates that fit best under each difference, and the differences they allow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .difference import Stratum
from .proportion import Interval, two_sided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_HALVINGS = 45


def constrained_rate(
    first_successes: ArrayLike, first_total: ArrayLike, second_successes: ArrayLike, second_total: ArrayLike,
    difference: ArrayLike,
) -> NDArray[np.float64]:  # fmt: skip
    """Most likely rate of the first side if the second's lies ``difference`` above it; arrays are broadcast.

    The root of a cubic in closed form: Miettinen & Nurminen, *Statistics in Medicine* 4 (1985) 213-226, appendix 1.
    Counts may be fractions; at least one total must be positive.
    """
    import numpy as np

    x, m, y, n, d = (
        np.asarray(value, dtype=np.float64)
        for value in (first_successes, first_total, second_successes, second_total, difference)
    )
    total, cases = m + n, x + y
    square = ((n + 2 * m) * d - total - cases) / (3 * total)
    linear = ((m * d - total - 2 * x) * d + cases) / total
    constant = x * d * (1 - d) / total
    turn = square**3 - square * linear / 2 + constant / 2
    reach = np.copysign(np.sqrt(np.maximum(0.0, square**2 - linear / 3)), turn)
    cosine = np.where(reach != 0, turn / np.where(reach != 0, reach, 1.0) ** 3, 0.0)
    angle = (math.pi + np.arccos(np.clip(cosine, -1, 1))) / 3
    rate: NDArray[np.float64] = np.clip(
        2 * reach * np.cos(angle) - square, np.maximum(0.0, -d), np.minimum(1.0, 1.0 - d)
    )
    return rate


def score(
    first_successes: ArrayLike, first_total: ArrayLike, second_successes: ArrayLike, second_total: ArrayLike,
    difference: ArrayLike,
) -> NDArray[np.float64]:  # fmt: skip
    """Standard errors the observed difference lies above ``difference``, variance at the rates that fit it best.

    With Miettinen & Nurminen's factor N/(N-1) on the variance. Zero where nothing is observed to speak against it.
    """
    import numpy as np

    x, m, y, n, d = (
        np.asarray(value, dtype=np.float64)
        for value in (first_successes, first_total, second_successes, second_total, difference)
    )
    first = constrained_rate(x, m, y, n, d)
    second = np.clip(first + d, 0, 1)
    variance = (first * (1 - first) / m + second * (1 - second) / n) * (m + n) / (m + n - 1)
    distance = y / n - x / m - d
    certain = np.where(np.abs(distance) < 1e-12, 0.0, np.copysign(np.inf, distance))
    found: NDArray[np.float64] = np.where(
        variance > 1e-15, distance / np.sqrt(np.where(variance > 1e-15, variance, 1.0)), certain
    )
    return found


def miettinen_nurminen(stratum: Stratum, level: float = 0.95) -> Interval:
    """Differences (second minus first) that the score test with constrained rates does not reject.

    On average nearer its level than Newcombe's for few executions and rates near 0 and 1, and wider there.
    Miettinen & Nurminen, *Statistics in Medicine* 4 (1985) 213-226.

    Raises:
        ValueError: if a side has no executions.
    """
    if not stratum.first_total or not stratum.second_total:
        raise ValueError("an interval of a difference takes executions on both sides")
    import numpy as np

    x, m, y, n = stratum.first_successes, stratum.first_total, stratum.second_successes, stratum.second_total
    z = two_sided(level)
    # The score falls as the difference grows: both ends are halved towards at once.
    outside = np.array([-1.0, 1.0])
    inside = np.full(2, y / n - x / m)
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        kept = np.abs(score(x, m, y, n, middle)) <= z
        inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
    return Interval(float(outside[0]), float(outside[1]))
