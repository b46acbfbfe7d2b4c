"""Logistic regression with a ridge penalty, fitted by L-BFGS, without anything that depends on threads or chance.

Minimised is ``Σ_i w_i ln(1 + exp(-s_i x_i·b)) + ½ Σ_j λ_j b_j²`` with ``s_i`` = 1 or -1: the negative logarithm of the
likelihood with a normal prior of variance ``1/λ_j`` on each coefficient (Hoerl & Kennard, *Technometrics* 12 (1970)
55-67; le Cessie & van Houwelingen, *Applied Statistics* 41 (1992) 191-201). It is convex, and with all ``λ_j > 0``
strictly so: there is one minimum, whichever way leads to it. The way is L-BFGS (Liu & Nocedal, *Mathematical
Programming* 45 (1989) 503-528) with a line search that asks for sufficient decrease (Armijo 1966).

Products are formed by ``numpy.einsum``, whose loops run in one thread and one order; the libraries behind ``@`` split
sums over as many threads as there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MEMORY = 6
_STEPS = 500
_HALVINGS = 40
_SUFFICIENT = 1e-4
TOLERANCE = 1e-7
"""Largest entry of the gradient at the end, per unit of weight."""


def logistic(
    rows: Floats, failed: Floats, penalty: Floats, weights: Floats, start: Floats | None = None,
    tolerance: float = TOLERANCE,
) -> Floats:  # fmt: skip
    """The coefficients that minimise the objective.

    Args:
        rows: Observations by columns.
        failed: 1 or 0 for each observation.
        penalty: ``λ_j`` of each column, above 0.
        weights: ``w_i`` of each observation.
        start: Where to begin, for instance the answer for another penalty.
        tolerance: When to stop.
    """
    import numpy as np

    signs = 2 * failed - 1
    signed = rows * signs[:, None]
    here = np.zeros(rows.shape[1]) if start is None else start.copy()
    # Steps are taken in coordinates in which every penalty is 1, so that columns of unlike penalty are alike steep.
    scale = 1 / np.sqrt(penalty)
    signed = signed * scale
    here = here / scale
    value, slope = _objective(signed, weights, here)
    enough = tolerance * max(1.0, float(np.sum(weights)))
    moves: list[tuple[Floats, Floats, float]] = []
    for _ in range(_STEPS):
        if float(np.max(np.abs(slope))) <= enough:
            break
        direction = -_two_loops(moves, slope)
        descent = _dot(direction, slope)
        if descent >= 0:
            moves, direction, descent = [], -slope, -_dot(slope, slope)
        step = 1.0 if moves else min(1.0, 1.0 / float(np.sum(np.abs(slope))))
        for _ in range(_HALVINGS):
            there = here + step * direction
            new_value, new_slope = _objective(signed, weights, there)
            if new_value <= value + _SUFFICIENT * step * descent:
                break
            step /= 2
        else:
            break
        moved, turned = there - here, new_slope - slope
        curved = _dot(moved, turned)
        if curved > 0:
            moves = [*moves[-_MEMORY + 1 :], (moved, turned, 1 / curved)]
        here, value, slope = there, new_value, new_slope
    answer: Floats = here * scale
    return answer


def chances(rows: Floats, coefficients: Floats) -> Floats:
    """The chance of failure of each row."""
    import numpy as np

    from_zero: Floats = 1 / (1 + np.exp(-np.clip(scores(rows, coefficients), -700, 700)))
    return from_zero


def scores(rows: Floats, coefficients: Floats) -> Floats:
    """The log odds of failure of each row."""
    import numpy as np

    found: Floats = np.einsum("ij,j->i", rows, coefficients)
    return found


def log_loss(rows: Floats, failed: Floats, coefficients: Floats) -> Floats:
    """``-ln`` of the chance given to what happened, of each row."""
    import numpy as np

    found: Floats = np.logaddexp(0.0, -(2 * failed - 1) * scores(rows, coefficients))
    return found


def _objective(signed: Floats, weights: Floats, here: Floats) -> tuple[float, Floats]:
    import numpy as np

    margins = scores(signed, here)
    pulled = weights / (1 + np.exp(np.clip(margins, -700, 700)))
    value = float(np.sum(weights * np.logaddexp(0.0, -margins))) + _dot(here, here) / 2
    slope: Floats = here - np.einsum("ij,i->j", signed, pulled)
    return value, slope


def _two_loops(moves: list[tuple[Floats, Floats, float]], slope: Floats) -> Floats:
    """The slope times the approximate inverse Hessian: Nocedal, *Mathematics of Computation* 35 (1980) 773-782."""
    pointing = slope.copy()
    kept = []
    for moved, turned, inverse in reversed(moves):
        part = inverse * _dot(moved, pointing)
        pointing -= part * turned
        kept.append(part)
    if moves:
        moved, turned, inverse = moves[-1]
        pointing *= 1 / (inverse * _dot(turned, turned))
    for (moved, turned, inverse), part in zip(moves, reversed(kept), strict=True):
        pointing += moved * (part - inverse * _dot(turned, pointing))
    return pointing


def _dot(one: Floats, other: Floats) -> float:
    return float((one * other).sum())
