"""How much of the difference between two agents goes with their choices at each place of the common path.

The difference of two group means is decomposed into what goes with each explanatory variable (Kitagawa, *JASA* 50
(1955) 1168-1194; Blinder, *Journal of Human Resources* 8 (1973) 436-455; Oaxaca, *International Economic Review* 14
(1973) 693-709). Variables are "took this action at this place"; their coefficients come from a ridge regression of the
outcome on all of them within tasks (Hoerl & Kennard, *Technometrics* 12 (1970) 55-67), so that a choice that matters
nothing is not blamed for a later one it happens to go with, and thin branches do not shout.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_SHRINKAGE = 20.0
"""Ridge penalty: the variance of an outcome (about 0.2) over that of the effect of a choice before anything is seen
(0.1 squared: most choices matter little). Of 0.5 to 40 tried on planted differences with decoys before them, 20 and 40
named the planted step most often; as it shrinks, the parts rank places and are no estimates."""
_MOST_VARIABLES = 80
_FEWEST_RUNS = 2


class Observed(NamedTuple):
    """Runs whose outcome is known, column by column.

    Attributes:
        sides: 0 or 1. tasks: As numbers in the order of their keys. good: 0 or 1.
        took: A row for each run: by place the action it took next as a number, in the order of names, 0 for the end;
            -1 where it did not reach the place.
    """

    sides: Ints
    tasks: Ints
    good: Ints
    took: Ints


def credit(runs: Observed) -> dict[int, float]:
    """Place to the part of the difference (second minus first, shrunk) that goes with the choices made there.

    Differences in how often a choice is made are weighted over tasks as the Mantel-Haenszel difference is.

    Empty when there is no outcome, or no choice that one side makes more often than the other.
    """
    import numpy as np

    chosen = _variables(runs)
    if not chosen or len(np.unique(runs.sides)) < 2:
        return {}
    columns = {variable: number for number, variable in enumerate(chosen)}
    matrix = np.zeros((len(runs.sides), len(columns)))
    for (place, action), number in columns.items():
        matrix[:, number] = runs.took[:, place] == action
    outcome = runs.good.astype(np.float64)
    side = runs.sides
    gap, weights = np.zeros(len(columns)), 0.0
    for rows in _by_task(runs.tasks):
        one, other = (rows[side[rows] == which] for which in (0, 1))
        if one.size and other.size:
            weight = one.size * other.size / rows.size
            gap += weight * (matrix[other].mean(axis=0) - matrix[one].mean(axis=0))
            weights += weight
        matrix[rows] -= matrix[rows].mean(axis=0)
        outcome[rows] -= outcome[rows].mean()
    if not weights:
        return {}
    # einsum sums in one fixed order: a threaded product would change the last digits with the number of threads.
    squares = np.einsum("ij,ik->jk", matrix, matrix) + _SHRINKAGE * np.eye(len(columns))
    effects = np.linalg.solve(squares, np.einsum("ij,i->j", matrix, outcome))
    parts: dict[int, float] = defaultdict(float)
    for (place, _), number in columns.items():
        parts[place] += float(effects[number] * gap[number] / weights)
    return {place: round(part, 6) for place, part in sorted(parts.items())}


def _variables(runs: Observed) -> list[tuple[int, int]]:
    """Choices that are made by some runs and not by all, those first in which the sides differ most."""
    import numpy as np

    if not len(runs.sides):
        return []
    many = int(runs.took.max()) + 1
    reached = runs.took >= 0
    keys = (np.arange(runs.took.shape[1]) * many + runs.took)[reached]
    owners = np.broadcast_to(runs.sides[:, None], runs.took.shape)[reached]
    variables, which = np.unique(keys, return_inverse=True)
    counts = [np.bincount(which[owners == side], minlength=len(variables)) for side in (0, 1)]
    sizes = [max(1, int((runs.sides == side).sum())) for side in (0, 1)]
    apart = np.abs(counts[0] / sizes[0] - counts[1] / sizes[1])
    telling = [
        (-margin, key // many, key % many)
        for margin, key, total in zip(apart.tolist(), variables.tolist(), (counts[0] + counts[1]).tolist(), strict=True)
        if _FEWEST_RUNS <= total < len(runs.sides)
    ]
    telling.sort()
    return [(place, action) for _, place, action in telling[:_MOST_VARIABLES]]


def _by_task(tasks: Ints) -> list[Ints]:
    import numpy as np

    order = np.argsort(tasks, kind="stable")
    return np.split(order, (np.diff(tasks[order]) != 0).nonzero()[0] + 1)
