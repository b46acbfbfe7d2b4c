"""Two sides compared: one call for one task and for many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .conditional import mid_p_test
from .difference import Difference, Method, Stratum, newcombe
from .proportion import Interval
from .stratified import mantel_haenszel
from .unconditional import boschloo


def compare(strata: Iterable[Stratum], level: float = 0.95, *, screening: bool = False) -> Difference | None:
    """The difference on the tasks both sides attempted; ``None`` when there is no such task.

    Args:
        strata: The counts of both sides, one for each task.
        level: Of the interval.
        screening: One of thousands of candidates: the conditional test on one task too, which costs a hundredth.

    The p-value is Boschloo's on one task, which is exact, and the mid-p-value of the exact conditional test over
    several, whose false alarms lie about the level. Both find more than Fisher's test and its like over tasks:
    ``docs/statistics.md`` has the measured power and false alarms.
    """
    shared = [stratum for stratum in strata if stratum.first_total and stratum.second_total]
    if not shared:
        return None
    estimate, interval, method = interval_of(shared, level)
    p_value = mid_p_test(shared) if screening or len(shared) > 1 else boschloo(shared[0])
    return Difference(estimate, interval, p_value, method, len(shared))


def interval_of(shared: Sequence[Stratum], level: float) -> tuple[float, Interval, Method]:
    """Estimate, interval and how it was made, for tasks that both sides attempted: at least one."""
    if len(shared) > 1:
        return mantel_haenszel(shared, level)
    only = shared[0]
    first, second = only.first_successes / only.first_total, only.second_successes / only.second_total
    return second - first, newcombe(first, only.first_total, second, only.second_total, level), "newcombe"
