"""Intervals one may look at every night: all of them together hold the true value in 95 % of cases.

A 95 % interval computed anew each night misses the truth on some night far more often than in 5 % of cases. A
confidence sequence is wider, and is right on all nights at once, so that one may stop when it has settled the matter.
Rates are taken to stay what they are: where the intervals of different nights contradict each other, they did not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .difference import Stratum
from .e_values import log_e_process
from .proportion import Interval

# A uniform prior on the rate; Jeffreys' is a little narrower near 0 and 1, and wider between.
_PRIOR = 1.0
_HALVINGS = 60
_STEPS = 2000


def confidence_sequence(successes: int, total: int, level: float = 0.95) -> Interval:
    """Interval of a rate after ``total`` executions that may be looked at after each.

    The rates against which a bet spread evenly over all rates has not won ``1 / (1 - level)``: the beta-binomial
    mixture. Robbins, *Annals of Mathematical Statistics* 41 (1970) 1397-1409; Howard, Ramdas, McAuliffe & Sekhon,
    *Annals of Statistics* 49 (2021) 1055-1080.
    """
    if total <= 0:
        return Interval(0.0, 1.0)
    rate = successes / total
    return Interval(_bound(successes, total, rate, 0.0, level), _bound(successes, total, rate, 1.0, level))


def running(looks: Iterable[Interval]) -> list[Interval]:
    """After each look, what all intervals of a confidence sequence so far have in common: no wider, and as safe.

    Where they have nothing in common (at most 1 - level of cases, unless the rate has changed), the last that had.
    """
    kept: list[Interval] = []
    for look in looks:
        low, high = (max(kept[-1].low, look.low), min(kept[-1].high, look.high)) if kept else (look.low, look.high)
        kept.append(Interval(low, high) if low <= high else kept[-1])
    return kept


def difference_sequence(blocks: Sequence[Stratum], level: float = 0.95) -> list[Interval]:
    """After each block, the interval of the difference (second minus first) that may be looked at after each.

    The differences against which :func:`soma.synthesizer.stats.e_process` has never yet won ``1 / (1 - level)``, on a
    grid of steps of 0.001 and rounded outwards. Turner & Grünwald, *AISTATS* (2023) 4880-4893.
    """
    import numpy as np

    if not blocks:
        return []
    differences = np.linspace(-1, 1, _STEPS + 1)
    counts = np.array([(b.first_successes, b.first_total, b.second_successes, b.second_total) for b in blocks]).T
    evidence = np.maximum.accumulate(log_e_process(counts[0], counts[1], counts[2], counts[3], differences), axis=0)
    found: list[Interval] = []
    for row in evidence < math.log(1 / (1 - level)):
        kept = np.flatnonzero(row)
        if len(kept):
            low, high = max(0, kept[0] - 1), min(_STEPS, kept[-1] + 1)
            found.append(Interval(float(differences[low]), float(differences[high])))
        else:
            found.append(found[-1] if found else Interval(-1.0, 1.0))
    return found


def difference_of_sequences(totals: Stratum, level: float = 0.95) -> Interval:
    """Interval of the difference (second minus first) out of both rates' confidence sequences.

    Needs only the totals, in whatever order they came, and each side may be looked at on its own; each has half of the
    error (Bonferroni). In most cases wider than :func:`difference_sequence`.
    """
    each = (1 + level) / 2
    first = confidence_sequence(totals.first_successes, totals.first_total, each)
    second = confidence_sequence(totals.second_successes, totals.second_total, each)
    return Interval(second.low - first.high, second.high - first.low)


def _bound(successes: int, total: int, inside: float, outside: float, level: float) -> float:
    """Where the evidence against a rate, which grows away from the observed one, reaches ``1 / (1 - level)``."""
    failures = total - successes
    mixture = _log_beta(successes + _PRIOR, failures + _PRIOR) - _log_beta(_PRIOR, _PRIOR)
    enough = math.log(1 / (1 - level))
    if inside == outside:
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        likelihood = (successes * math.log(middle) if successes else 0.0) + (
            failures * math.log1p(-middle) if failures else 0.0
        )
        if mixture - likelihood < enough:
            inside = middle
        else:
            outside = middle
    return outside


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)
