"""Fitting with nested cross-validation: how strongly to pull is chosen without the tasks that judge. Pure.

Tasks are dealt into five folds. Each fold is scored by a model that never saw its tasks, and whose penalty and use of
texts were chosen by three inner folds of the remaining tasks (Stone, *JRSS B* 36 (1974) 111-147; nested, because a
choice made by the held-out tasks makes them look better: Varma & Simon, *BMC Bioinformatics* 7 (2006) 91). Means and
spreads, too, are those of the rows that are fitted. Chosen is what gives what happened the highest chance (log loss) on
the inner folds; of equals the stronger pull without texts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from soma.synthesizer.stats import log_loss, logistic, scores

from .design import Design, words
from .folds import FOLDS, INNER, folds
from .model import Model, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0)
"""Penalties tried, the strongest first: the answer of one is where the next begins."""
METHOD = 1
"""Raised whenever the same rows are fitted differently."""
_ROUGH, _EXACT = 1e-4, 1e-9


def held_out(rows: Sequence[Row]) -> tuple[list[float], list[int]]:
    """The log odds of failure of each row by a model that saw nothing of its task; and its fold."""
    fold = folds(rows, FOLDS, "outer")
    found = [0.0] * len(rows)
    for number in range(FOLDS):
        inside = [row for row, own in zip(rows, fold, strict=True) if own != number]
        outside = [place for place, own in enumerate(fold) if own == number]
        if not outside:
            continue
        if len({row.failed for row in inside}) < 2:
            continue
        strength, text = chosen(inside)
        design, coefficients = _fitted(inside, strength, text, _ROUGH)
        for place, value in zip(
            outside, _scored(design, [rows[place] for place in outside], coefficients, text), strict=True
        ):
            found[place] = value
    return found, fold


def chosen(rows: Sequence[Row]) -> tuple[float, bool]:
    """The penalty and whether texts are used, by cross-validation over the tasks of these rows."""
    import numpy as np

    fold = folds(rows, INNER, "inner")
    loss = {(text, strength): 0.0 for text in (False, True) for strength in STRENGTHS}
    for number in range(INNER):
        inside = [row for row, own in zip(rows, fold, strict=True) if own != number]
        outside = [row for row, own in zip(rows, fold, strict=True) if own == number]
        if not outside or len({row.failed for row in inside}) < 2:
            continue
        design = Design.of(inside)
        for text in (False, True):
            matrices = [_with_words(design.columns(some), some, text) for some in (inside, outside)]
            ended = [_failed(some) for some in (inside, outside)]
            start: Floats | None = None
            for strength in STRENGTHS:
                start = logistic(
                    matrices[0], ended[0], _penalties(design, strength, text), np.ones(len(inside)), start, _ROUGH
                )
                loss[text, strength] += float(np.sum(log_loss(matrices[1], ended[1], start)))
    text, strength = min(loss, key=lambda choice: (round(loss[choice], 6), choice[0], -choice[1]))
    return strength, text


def fitted(rows: Sequence[Row], after: int, patterns: Sequence[str]) -> Model:
    """The model of all rows, its penalty chosen by cross-validation over their tasks."""
    strength, text = chosen(rows)
    design, coefficients = _fitted(rows, strength, text, _EXACT)
    return design.model(coefficients, after, patterns, strength, text)


def _fitted(rows: Sequence[Row], strength: float, text: bool, tolerance: float) -> tuple[Design, Floats]:
    import numpy as np

    design = Design.of(rows)
    columns = _with_words(design.columns(rows), rows, text)
    ones = np.ones(len(rows))
    return design, logistic(columns, _failed(rows), _penalties(design, strength, text), ones, None, tolerance)


def _scored(design: Design, rows: Sequence[Row], coefficients: Floats, text: bool) -> list[float]:
    found = scores(_with_words(design.columns(rows), rows, text), coefficients).tolist()
    # Scores that differ by less than the fit is exact to are ties.
    return [float(round(value, 6)) for value in found if math.isfinite(value)]


def _penalties(design: Design, strength: float, text: bool) -> Floats:
    import numpy as np

    from .features import WIDTH

    found: Floats = np.concatenate([design.penalties(strength), np.full(WIDTH if text else 0, strength)])
    return found


def _with_words(columns: Floats, rows: Sequence[Row], text: bool) -> Floats:
    import numpy as np

    found: Floats = np.concatenate([columns, words(rows)], axis=1) if text else columns
    return found


def _failed(rows: Sequence[Row]) -> Floats:
    import numpy as np

    return np.array([float(row.failed) for row in rows])
