"""Odds ratios matched on strata: how much more often something is in failures than in successes otherwise alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from .conditional import hypergeometric, mid_p_test
from .difference import Stratum
from .proportion import normal_quantile, two_sided

_FLAT = 1e-9


class Seen(msgspec.Struct, frozen=True):
    """One execution: what it is compared within, its task, whether the thing was seen in it, whether it failed."""

    stratum: str
    task: str
    seen: bool
    failed: bool


class OddsRatio(msgspec.Struct, frozen=True, rename="camel"):
    """An odds ratio with its interval.

    Attributes:
        value: Odds of being seen in failures over those in successes; ``None`` where one of them is none or certain, so
            that only one end of the interval is known.
        low, high: What is compatible with the data; ``high`` is ``None`` where there is no upper end.
        p_value: Two-sided, of a ratio of 1.
        design: By how much tasks attempted repeatedly widen the variance; at least 1. strata: Those that tell.
    """

    value: float | None
    low: float
    high: float | None
    p_value: float
    design: float
    strata: int


def odds_ratio(rows: Iterable[Seen], level: float = 0.95) -> OddsRatio | None:
    """The Mantel-Haenszel odds ratio over strata; ``None`` where no stratum has both outcomes and both seen and unseen.

    Estimate: Mantel & Haenszel, *JNCI* 22 (1959) 719-748. Interval on the logarithm: Robins, Breslow & Greenland,
    *Biometrics* 42 (1986) 311-323; where the estimate is 0 or infinite, the mid-p interval of the exact conditional
    distribution (Agresti, *Statistical Science* 7 (1992) 131-153). Both, and the z-value of the exact mid-p test, are
    widened by the root of the design effect of tasks that were attempted repeatedly: the robust variance of the
    Mantel-Haenszel statistic with tasks as units over that with executions as units (the sum of ``(x - x̄)(y - ȳ)``
    within strata is that statistic), where it is above 1.
    """
    tables, design = _tables(rows)
    if not tables:
        return None
    p_value = mid_p_test(tables)
    z = -normal_quantile(p_value / 2) if 0 < p_value < 1 else 0.0
    widened = math.sqrt(design)
    p_value = math.erfc(z / widened / math.sqrt(2)) if z else p_value
    # First side: seen in failures; second: seen in successes.
    for_, against = [], []
    for table in tables:
        n = table.first_total + table.second_total
        for_.append(table.first_successes * (table.second_total - table.second_successes) / n)
        against.append(table.second_successes * (table.first_total - table.first_successes) / n)
    r, s = math.fsum(for_), math.fsum(against)
    if r <= 0 or s <= 0:
        low, high = _exact(tables, level, widened)
        return OddsRatio(None, low, high, p_value, design, len(tables))
    value = r / s
    reach = two_sided(level) * widened * math.sqrt(_variance(tables, for_, against, r, s))
    return OddsRatio(value, value * math.exp(-reach), value * math.exp(reach), p_value, design, len(tables))


def _tables(rows: Iterable[Seen]) -> tuple[list[Stratum], float]:
    strata: dict[str, list[Seen]] = defaultdict(list)
    for row in rows:
        strata[row.stratum].append(row)
    tables = []
    single, together = [], defaultdict[str, list[float]](list)
    for name in sorted(strata):
        own = strata[name]
        failed, seen = sum(row.failed for row in own), sum(row.seen for row in own)
        if not (0 < failed < len(own) and 0 < seen < len(own)):
            continue
        both = sum(row.failed and row.seen for row in own)
        tables.append(Stratum(both, failed, seen - both, len(own) - failed))
        for row in own:
            part = (row.seen - seen / len(own)) * (row.failed - failed / len(own))
            single.append(part * part)
            together[row.task].append(part)
    alone = math.fsum(single)
    clustered = math.fsum(math.fsum(parts) ** 2 for _, parts in sorted(together.items()))
    return tables, max(1.0, clustered / alone) if alone > _FLAT else 1.0


def _variance(tables: Sequence[Stratum], for_: Sequence[float], against: Sequence[float], r: float, s: float) -> float:
    """Of the logarithm: Robins, Breslow & Greenland (1986), formula 1."""
    one, mixed, other = [], [], []
    for table, for_this, against_this in zip(tables, for_, against, strict=True):
        n = table.first_total + table.second_total
        p = (table.first_successes + table.second_total - table.second_successes) / n
        one.append(p * for_this)
        mixed.append(p * against_this + (1 - p) * for_this)
        other.append((1 - p) * against_this)
    return math.fsum(one) / (2 * r * r) + math.fsum(mixed) / (2 * r * s) + math.fsum(other) / (2 * s * s)


def _exact(tables: Sequence[Stratum], level: float, widened: float) -> tuple[float, float | None]:
    """The end of the mid-p interval that is known, when all that was seen is on one side."""
    import numpy as np

    masses = np.ones(1)
    top = 0
    for table in tables:
        lowest, own = hypergeometric(
            table.first_total, table.second_total, table.first_successes + table.second_successes
        )
        masses = np.convolve(masses, own)
        top += table.first_successes - lowest
    at_top = top > 0
    # All the mass that is as extreme as what was seen is the seen point itself: half of it is to weigh half of 1-level.
    logs = np.log(np.maximum(masses, np.finfo(float).tiny))
    places = np.arange(len(masses), dtype=np.float64)
    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        weights = logs + middle * places
        share = float(np.exp(weights[top] - weights.max()) / np.exp(weights - weights.max()).sum()) / 2
        if (share < (1 - level) / 2) == at_top:
            low = middle
        else:
            high = middle
    end = math.exp((low + high) / 2 / widened)
    return (end, None) if at_top else (0.0, end)
