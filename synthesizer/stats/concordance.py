"""How well a score tells failures from successes: the area under the ROC curve (AUC), by pairs and with tasks as units.

The AUC is the share of pairs of a failure and a success in which the failure has the higher score, ties counting half
(Mann & Whitney, *Annals of Mathematical Statistics* 18 (1947) 50-60; Bamber, *Journal of Mathematical Psychology* 12
(1975) 387-415). Its variance comes from each execution's mean over its pairs (DeLong, DeLong & Clarke-Pearson,
*Biometrics* 44 (1988) 837-845), summed within tasks (Obuchowski, *Biometrics* 53 (1997) 567-578). Two scores over the
same pairs are compared pair by pair: the difference of two AUCs is one more mean over pairs.

Pairs are made within strata only. A stratum counts by ``m n / (m + n + 1)``, which is best where all have the same AUC
(van Elteren, *Bulletin of the International Statistical Institute* 37 (1960) 351-361).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .clustered import Clustered, by_cluster, estimate
from .proportion import Interval, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHANCE = 0.5


class Pairs(NamedTuple):
    """All pairs of a stratum.

    Attributes:
        wins: Failures by successes: 1 where the failure has the higher score, 0.5 where they tie, else 0; of two scores
            compared, the difference of both. failed, succeeded: The tasks of the rows and of the columns.
    """

    wins: Floats
    failed: Sequence[str]
    succeeded: Sequence[str]


def wins(failed: Sequence[float], succeeded: Sequence[float]) -> Floats:
    """Of every pair, whether the failure has the higher score; ties count half."""
    import numpy as np

    above = np.subtract.outer(np.asarray(failed, dtype=np.float64), np.asarray(succeeded, dtype=np.float64))
    return 0.5 * (np.sign(above) + 1)


def concordance(strata: Sequence[Pairs], level: float = 0.95) -> Clustered | None:
    """The AUC over the strata, its interval on the scale of log odds; ``None`` without a pair.

    To each side the variance of one more execution is added that would lie at the far end: where all successes have the
    same score (something that was never seen in them), they would seem not to vary at all, and one more might still
    show it. (For a yes-or-no score this does what adding an observation does for a difference of two shares: Agresti &
    Caffo, *The American Statistician* 54 (2000) 280-288.)

    At 0 or 1 the interval is Wilson's for as many observations as the scarcer side has tasks, as the variance of an AUC
    ``A`` is at most ``A (1 - A)`` over that (Birnbaum & Klose, *Annals of Mathematical Statistics* 28 (1957) 933-945).
    """
    found = _mean(strata)
    if found is None:
        return None
    value, influence, clusters = found
    far = max(value, 1 - value)
    for side, axis in (("failed", 0), ("succeeded", 1)):
        influence[f"one more {side}"] = far / (sum(pairs.wins.shape[axis] for pairs in strata if pairs.wins.size) + 1)
    if clusters < 2 or not 0 < value < 1:
        around = wilson(min(1.0, max(0.0, value)), clusters, level)
        certain = clusters >= 2 and around.excludes(CHANCE)
        return Clustered(value, around, 2.0 ** (1 - clusters) if certain else 1.0, clusters)
    scale = value * (1 - value)
    odds = math.log(value / (1 - value))
    on_odds = estimate(odds, {key: part / scale for key, part in influence.items()}, clusters, level=level)
    # Chance is tested where the variance is known to hold, on the scale of the AUC itself.
    p_value = estimate(value, influence, clusters, null=CHANCE).p_value
    ends = on_odds.interval or Interval(-math.inf, math.inf)
    return Clustered(value, Interval(_share(ends.low), _share(ends.high)), max(p_value, on_odds.p_value), clusters)


def concordance_difference(strata: Sequence[Pairs], level: float = 0.95) -> Clustered | None:
    """The difference of two AUCs over the same pairs, whose ``wins`` are differences; ``None`` without a pair."""
    found = _mean(strata)
    if found is None:
        return None
    value, influence, clusters = found
    return estimate(value, influence, clusters, bounds=(-1.0, 1.0), level=level)


def _mean(strata: Sequence[Pairs]) -> tuple[float, dict[str, float], int] | None:
    telling = [pairs for pairs in strata if pairs.wins.size]
    if not telling:
        return None
    shares = [pairs.wins.shape[0] * pairs.wins.shape[1] / (sum(pairs.wins.shape) + 1) for pairs in telling]
    total = math.fsum(shares)
    value = math.fsum(share * float(pairs.wins.mean()) for share, pairs in zip(shares, telling, strict=True)) / total
    parts: list[tuple[str, float]] = []
    for share, pairs in zip(shares, telling, strict=True):
        # Off the value over all strata, not off the stratum's own: one failure alone in its stratum varies too.
        for tasks, axis in ((pairs.failed, 1), (pairs.succeeded, 0)):
            means = pairs.wins.mean(axis=axis).tolist()
            parts += [
                (task, share / total * (mean - value) / len(means)) for task, mean in zip(tasks, means, strict=True)
            ]
    sides = [{task for pairs in telling for task in side(pairs)} for side in (_failed, _succeeded)]
    return value, by_cluster(parts), min(map(len, sides))


def _failed(pairs: Pairs) -> Sequence[str]:
    return pairs.failed


def _succeeded(pairs: Pairs) -> Sequence[str]:
    return pairs.succeeded


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
