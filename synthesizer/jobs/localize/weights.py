"""The weights of the features: a small file that ships with soma, and the share of blame they give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec

from .features import FEATURES


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights with where they come from.

    Attributes:
        version: Changes whenever a weight or a feature does.
        sets: The labelled sets they were fitted on, with the number of runs that taught something.
        strength: Of the pull towards zero (L2), chosen by cross-validation inside these sets.
        weights: One per feature, in log-odds.
    """

    version: str
    sets: dict[str, int]
    strength: float
    weights: dict[str, float]

    def column(self) -> list[float]:
        """The weights in the order of ``FEATURES``."""
        return [self.weights[name] for name in FEATURES]


@cache
def shipped() -> Weights:
    """The weights that ship with soma, re-created by ``python benchmarks/localisation.py --write-weights``."""
    text = resources.files(__package__).joinpath("weights.json").read_bytes()
    return msgspec.json.decode(text, type=Weights)


def shares(weights: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """The chance of each decision (row) of one run to be the one to blame: ``exp(w·x_k) / Σ_j exp(w·x_j)``.

    McFadden 1974, "Conditional logit analysis of qualitative choice behavior". The shares add up to 1.
    """
    scores = [math.fsum(weight * value for weight, value in zip(weights, row, strict=True)) for row in rows]
    top = max(scores, default=0.0)
    weighed = [math.exp(score - top) for score in scores]
    total = math.fsum(weighed)
    return [each / total for each in weighed]


def speaking(weights: Mapping[str, float], rows: Sequence[Sequence[float]], place: int, most: int = 3) -> list[str]:
    """Names of the features that speak most for blaming the decision at ``place``, against the mean of its run."""
    said = []
    for column, name in enumerate(FEATURES):
        mean = math.fsum(row[column] for row in rows) / len(rows)
        above = weights[name] * (rows[place][column] - mean)
        if weights[name] > 0 and above >= _WORTH_SAYING:
            said.append((-above, column, name))
    return [name for _, _, name in sorted(said)[:most]]


_WORTH_SAYING = 0.02
