"""Evidence about a mean difference that may be looked at after every pair: bets that can only win if it is real.

Each block of executions gives one number between -1 and 1: what the treatment reached in it minus what the control did.
Against "the difference is at most d" one bets that the next number lies above d, with several stakes at once; against
"at least d", that it lies below. If the claim holds, no way of stopping makes the expected capital exceed what was put
in, so that a capital of 40 on either side is reached, ever, in at most 5 % of cases (Ville 1939).

The capital after ``x1, x2, ...`` is the mixture over stakes ``t`` of the products of ``1 + t (x - d) / (1 + d)``.
Betting on bounded means: Waudby-Smith & Ramdas, *JRSS B* 86 (2024) 1-27; mixtures over fixed stakes: Robbins, *Annals
of Mathematical Statistics* 41 (1970) 1397-1409. With ``d = 0`` and blocks of one execution a side each factor is that
of an odds ratio ``(1 + t) / (1 - t)`` given the pair's sum, so this is the process over tasks of
``soma.synthesizer.stats.e_process_over_tasks``, taken apart into its two directions.

Nothing is assumed but the mean: tasks may be as unequal as they like, as each is compared with itself, and values
between 0 and 1 (a drop in pressure) do as well as successes. The interval that belongs to it therefore keeps what
comparing within tasks gains, which one on pooled rates gives away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from soma.synthesizer.stats import Interval

Differences = Mapping[float, int]
"""How often each difference was seen: treatment minus control in one block, -1 to 1."""

# The odds ratios the process over tasks bets on, those above 1: log-odds from a quarter to 4, moderate ones favoured.
_LOG_ODDS = tuple(0.25 * step for step in range(1, 17))
_SPREAD = 1.25
_MASS = math.fsum(math.exp(-(odds**2) / (2 * _SPREAD**2)) for odds in _LOG_ODDS)
_STAKES = tuple(math.tanh(odds / 2) for odds in _LOG_ODDS)
_WEIGHTS = tuple(-(odds**2) / (2 * _SPREAD**2) - math.log(_MASS) for odds in _LOG_ODDS)
_HALVINGS = 40
_LARGEST = 1e300


class Evidence(NamedTuple):
    """Natural logarithms of the capital won against "at most d" and against "at least d"."""

    above: float
    below: float

    @property
    def e_value(self) -> float:
        """Against "exactly d", in both directions: half was put on either side, and the better half is counted."""
        return min(_LARGEST, _exponential(max(self.above, self.below)) / 2)


def evidence(differences: Differences, against: float = 0.0) -> Evidence:
    """What the differences say against a mean of ``against``.

    Raises:
        ValueError: if ``against`` does not lie between -1 and 1, both excluded.
    """
    return Evidence(_above(differences, against), _above(mirrored(differences), -against))


def interval(differences: Differences, level: float = 0.95) -> Interval:
    """The means that are not refuted at this level; all looks together hold the true one in that share of cases.

    The capital against "at most d" falls as d rises (each factor does), so that its end is found by halving; each end
    has half of the error.
    """
    if not differences:
        return Interval(-1.0, 1.0)
    enough = math.log(2 / (1 - level))
    return Interval(_lowest(differences, enough), -_lowest(mirrored(differences), enough))


def growth(differences: Differences, against: float) -> list[tuple[float, float, float]]:
    """Per stake above ``against``: the logarithm of what is won so far, and its mean and variance in one more block.

    ``differences`` stand for what the blocks to come will be like as well.
    """
    total = sum(differences.values())
    found = []
    for stake, weight in zip(_STAKES, _WEIGHTS, strict=True):
        logs = [(math.log1p(stake * (value - against) / (1 + against)), many) for value, many in _ordered(differences)]
        won = math.fsum(many * log for log, many in logs)
        mean = won / total
        found.append((weight + won, mean, math.fsum(many * (log - mean) ** 2 for log, many in logs) / total))
    return found


def log_sum(values: list[float]) -> float:
    """Logarithm of the sum of exponentials."""
    highest = max(values)
    return highest + math.log(math.fsum(math.exp(value - highest) for value in values))


def _above(differences: Differences, against: float) -> float:
    if not -1 < against < 1:
        raise ValueError(f"a mean difference to be refuted lies between -1 and 1, not at {against}")
    steps = [((value - against) / (1 + against), many) for value, many in _ordered(differences)]
    return log_sum(
        [
            weight + math.fsum(many * math.log1p(stake * step) for step, many in steps)
            for stake, weight in zip(_STAKES, _WEIGHTS, strict=True)
        ]
    )


def _lowest(differences: Differences, enough: float) -> float:
    """The largest mean that is refuted from above: below it lies nothing compatible with the data."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _above(differences, middle) >= enough:
            low = middle
        else:
            high = middle
    return low


def mirrored(differences: Differences) -> dict[float, int]:
    """The same seen from the other side: control minus treatment."""
    return {-value: many for value, many in differences.items()}


def _ordered(differences: Differences) -> list[tuple[float, int]]:
    return sorted(differences.items())


def _exponential(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < 690 else _LARGEST
