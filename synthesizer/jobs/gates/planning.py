"""How many more executions it takes until the gate decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from soma.synthesizer.stats.proportion import normal_quantile

from .betting import Differences, evidence, growth, log_sum, mirrored
from .model import Decided

_MOST = 1_000_000
# Fewer pairs say too little about what is to come.
LEAST_PAIRS = 10


class Ahead(NamedTuple):
    """Pairs still to come until ``decision``."""

    decision: Decided
    pairs: int


def ahead(
    differences: Differences, delta: float, level: float = 0.95, power: float = 0.8, comparisons: int = 1
) -> Ahead | None:
    """What will be decided, and after how many more pairs, if they are like those so far; ``None``: not foreseeable.

    The number is the first at which a share ``power`` of such futures has been decided. ``comparisons``: how many share
    the false discoveries; the strictest threshold among them is taken.
    """
    total = sum(differences.values())
    if total < LEAST_PAIRS:
        return None
    mean = math.fsum(value * many for value, many in sorted(differences.items())) / total
    other = mirrored(differences)
    enough = math.log(2 / (1 - level))
    strict = enough + math.log(comparisons)
    futures: list[tuple[Decided, int | None]] = []
    if mean:
        found = _pairs([(differences if mean > 0 else other, 0.0)], strict, power)
        futures.append(("validated" if mean > 0 else "refuted", found))
    if abs(mean) < delta < 1:
        # Both ends at once: each with half of what may go wrong.
        futures.append(("alike", _pairs([(differences, -delta), (other, -delta)], enough, (1 + power) / 2)))
    seen = [Ahead(decision, pairs) for decision, pairs in futures if pairs is not None]
    return min(seen, key=lambda future: future.pairs, default=None)


def planned(rate: float, effect: float, level: float = 0.95, power: float = 0.8) -> int | None:
    """Pairs from the first on until a true difference of ``effect`` from ``rate`` is found, looking after each.

    Successes of the two sides are taken to be independent, the harder case: equal tasks need fewer. The other rate lies
    above ``rate``, or below it where there is no room above. ``None`` when a million pairs would not do.

    Raises:
        ValueError: if ``rate`` or ``effect`` is no share.
    """
    if not 0 <= rate <= 1 or not 0 < effect <= 1:
        raise ValueError(f"a rate and an effect lie between 0 and 1, not at {rate} and {effect}")
    other = rate + effect if rate + effect <= 1 else rate - effect
    if other < 0:
        return None
    low, high = sorted((rate, other))
    up, down = high * (1 - low), low * (1 - high)
    # Shares of a million stand for the shares of what is to come; nothing has been won yet.
    shares = {1.0: round(_MOST * up), 0.0: round(_MOST * (1 - up - down)), -1.0: round(_MOST * down)}
    return _first([_fresh(shares, 0.0)], math.log(2 / (1 - level)), power)


Stake = tuple[float, float, float]


def _pairs(claims: Sequence[tuple[Differences, float]], enough: float, power: float) -> int | None:
    if all(evidence(differences, against).above >= enough for differences, against in claims):
        return None
    return _first([growth(differences, against) for differences, against in claims], enough, power)


def _fresh(shares: Differences, against: float) -> list[Stake]:
    total = sum(shares.values())
    return [(won - mean * total, mean, variance) for won, mean, variance in growth(shares, against)]


def _first(claims: Sequence[Sequence[Stake]], enough: float, power: float) -> int | None:
    """The first number of pairs at which the capital that a share ``power`` of futures exceeds is enough.

    The logarithm of a stake's capital is a sum, so nearly normal; its lower quantile is taken for every stake.
    """
    unlucky = -normal_quantile(power)

    def reached(pairs: int) -> bool:
        return all(
            log_sum([won + pairs * mean + unlucky * math.sqrt(pairs * variance) for won, mean, variance in stakes])
            >= enough
            for stakes in claims
        )

    high = 1
    while not reached(high):
        high *= 2
        if high > _MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
