"""Two sides compared: one call for one task and for many."""

from __future__ import annotations

from collections.abc import Iterable

from .difference import Difference, Stratum, fisher, newcombe
from .stratified import exact_test, mantel_haenszel


def compare(strata: Iterable[Stratum], level: float = 0.95) -> Difference | None:
    """The difference on the tasks both sides attempted; ``None`` when there is no such task."""
    shared = [stratum for stratum in strata if stratum.first_total and stratum.second_total]
    if not shared:
        return None
    if len(shared) > 1:
        estimate, interval, method = mantel_haenszel(shared, level)
        return Difference(estimate, interval, exact_test(shared), method, len(shared))
    only = shared[0]
    first, second = only.first_successes / only.first_total, only.second_successes / only.second_total
    interval = newcombe(first, only.first_total, second, only.second_total, level)
    return Difference(second - first, interval, fisher(only), "newcombe", 1)
