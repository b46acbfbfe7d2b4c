"""How the weights are found: a conditional logit over the decisions of a run. Pure, and no command needs it.

The chance that decision k of a run is the one to blame is ``exp(w·x_k) / Σ_j exp(w·x_j)`` (McFadden 1974, "Conditional
logit analysis of qualitative choice behavior"): runs of any length, no intercept, and what is the same for all
decisions of a run cancels out. Where people blamed several decisions, each gets an equal part. The weights maximise the
log-likelihood less ``strength/2 · |w|²`` (L2, ridge), which is concave, so there is one answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_MOST_STEPS = 100
_CLOSE = 1e-10


def chances(weights: Array, rows: Array) -> Array:
    """The chance of each decision (row) of one run to be the one to blame; they add up to 1."""
    scores = rows @ weights
    weighed = np.exp(scores - scores.max())
    found: Array = weighed / weighed.sum()
    return found


def fit(runs: Sequence[tuple[Array, Array]], strength: float) -> Array:
    """The weights for runs given as (features, part of the blame per decision).

    Newton's method with halved steps; a run whose parts are all zero says nothing.

    Args:
        runs: Features (decisions x columns) and parts that add up to 1.
        strength: How strongly weights are pulled towards zero; above 0.

    Raises:
        ValueError: if there is no run or ``strength`` is not positive.
    """
    told = [(rows, parts) for rows, parts in runs if parts.sum() > 0]
    if not told or strength <= 0:
        raise ValueError("at least one run and a positive strength are needed")
    weights = np.zeros(told[0][0].shape[1])
    value = _value(weights, told, strength)
    for _ in range(_MOST_STEPS):
        slope, curve = -strength * weights, strength * np.eye(len(weights))
        for rows, parts in told:
            chance = chances(weights, rows)
            slope = slope + rows.T @ (parts - chance)
            middle = rows - chance @ rows
            curve = curve + middle.T @ (middle * chance[:, None])
        step, size = np.linalg.solve(curve, slope), 1.0
        while (better := _value(weights + size * step, told, strength)) < value and size > _CLOSE:
            size /= 2
        weights = weights + size * step
        if abs(better - value) < _CLOSE:
            break
        value = better
    return weights


def _value(weights: Array, runs: Sequence[tuple[Array, Array]], strength: float) -> float:
    total = -0.5 * strength * float(weights @ weights)
    for rows, parts in runs:
        scores = rows @ weights
        top = scores.max()
        total += float(parts @ scores - (top + np.log(np.exp(scores - top).sum())))
    return total
