"""What a firing meant: how often it is seen in failures and successes, how early, and what came after. Pure.

The unit is the execution: one that fires ten times counts once, by its first time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from soma.synthesizer.stats import Seen, by_cluster, estimate, mean_over_tasks, odds_ratio, proportion

from .model import ALIKE_ODDS, RECOVERY_WITHIN, Lead, Prevalence, Recovery, Trace, Verdict

_ENOUGH = 5


def length_band(trace: Trace) -> int:
    """Lengths that are compared with one another: 1, 2, 3-4, 5-8, 9-16 decisions and so on."""
    return max(0, math.ceil(math.log2(max(1, len(trace.steps)))))


def prevalence(traces: Sequence[Trace], first: Sequence[int | None], level: float) -> Prevalence:
    """In how many executions something was seen, and the odds ratio of the same agent at about the same length.

    Args:
        traces: The executions.
        first: Where it was seen first in each.
        level: Of the intervals.
    """
    sides = []
    for failed in (True, False):
        own = [at is not None for trace, at in zip(traces, first, strict=True) if trace.failed is failed]
        sides.append(proportion(sum(own), len(own), level))
    odds = odds_ratio(
        (
            Seen(
                "\x1f".join((trace.framework, trace.agent_id, str(length_band(trace)))), trace.task, at is not None,
                trace.failed,
            )
            for trace, at in zip(traces, first, strict=True)
        ),
        level,
    )  # fmt: skip
    return Prevalence(
        failed=sides[0], succeeded=sides[1], odds=odds, q_value=None, verdict="not enough data", more=None
    )


def judged(found: Prevalence, q_value: float, level: float) -> Prevalence:
    """The prevalence with its verdict, and how many more executions it takes where there is none."""
    odds = found.odds
    verdict: Verdict = "not enough data"
    more: int | None = None
    if odds is not None:
        one_sided = odds.low > 1 or (odds.high is not None and odds.high < 1)
        if q_value <= 1 - level and one_sided:
            verdict = "signal"
        elif odds.low > 1 / ALIKE_ODDS and odds.high is not None and odds.high < ALIKE_ODDS:
            verdict = "no signal"
        if verdict != "not enough data":
            more = 0
        elif odds.high is not None and odds.low > 0:
            # The interval's width on the logarithm falls with the root of what is compared.
            half = math.log(odds.high / odds.low) / 2
            goal = max(math.log(ALIKE_ODDS), abs(math.log(odds.value or 1.0)))
            scarce = min(found.failed.total, found.succeeded.total)
            more = max(1, round(scarce * ((half / goal) ** 2 - 1)))
    return Prevalence(
        failed=found.failed, succeeded=found.succeeded, odds=odds, q_value=q_value, verdict=verdict, more=more
    )


def lead(traces: Sequence[Trace], first: Sequence[int | None], level: float) -> Lead:
    """Decisions left after it was first seen, in failed executions."""
    by_task: dict[str, list[float]] = defaultdict(list)
    for trace, at in zip(traces, first, strict=True):
        if trace.failed and at is not None:
            by_task[trace.task].append(float(len(trace.steps) - 1 - at))
    values = sorted(value for own in by_task.values() for value in own)
    return Lead(
        executions=len(values), failed=sum(trace.failed for trace in traces),
        mean=mean_over_tasks([by_task[task] for task in sorted(by_task)], level),
        quarter=_quantile(values, 0.25), median=_quantile(values, 0.5), three_quarters=_quantile(values, 0.75),
    )  # fmt: skip


def recovery(
    traces: Sequence[Trace], first: Sequence[int | None], seen: Sequence[Sequence[bool]], level: float
) -> Recovery:
    """What the next decisions held after the first firing, beside the same positions of executions without it.

    A position counts where three more decisions follow. The base rate of a position is that of the executions of the
    same framework in which the thing is not seen there; positions are weighted as the firings lie, so that both rates
    are about the same positions. An execution adds ``(r - p) / n`` to the one and ``(r - p) w / m`` to the other (``r``
    whether it recovered, ``p`` the base rate, ``n`` firings, ``w`` their share at the position, ``m`` executions
    there); summed within tasks, this gives the interval.
    """
    calm = [_calm(trace) for trace in traces]
    others: dict[tuple[str, int], list[tuple[str, bool]]] = defaultdict(list)
    for trace, here, ahead in zip(traces, seen, calm, strict=True):
        for place, recovered in enumerate(ahead):
            if not here[place]:
                others[trace.framework, place].append((trace.task, recovered))
    fired = []
    for trace, at, ahead in zip(traces, first, calm, strict=True):
        if at is not None and at < len(ahead):
            fired.append((trace.task, (trace.framework, at), ahead[at]))
    matched = [one for one in fired if others[one[1]]]
    rate = sum(recovered for *_, recovered in fired) / len(fired) if fired else None
    if not matched:
        return Recovery(firings=len(fired), rate=rate, base=None, difference=None, q_value=None)
    share = Counter(position for _, position, _ in matched)
    base_of = {position: sum(one for _, one in others[position]) / len(others[position]) for position in share}
    base = math.fsum(share[position] * base_of[position] for position in sorted(share)) / len(matched)
    rate = sum(recovered for *_, recovered in matched) / len(matched)
    value = rate - base
    parts = [(task, (recovered - base_of[at_it] - value) / len(matched)) for task, at_it, recovered in matched]
    for position in sorted(share):
        weight = share[position] / len(matched) / len(others[position])
        parts += [(task, -(recovered - base_of[position]) * weight) for task, recovered in others[position]]
    tasks = min(len({task for task, *_ in matched}), len({task for it in share for task, _ in others[it]}))
    told = estimate(value, by_cluster(parts), tasks, bounds=(-1.0, 1.0), level=level) if tasks >= _ENOUGH else None
    return Recovery(firings=len(matched), rate=rate, base=base, difference=told, q_value=None)


def _calm(trace: Trace) -> list[bool]:
    """Of each position that so many more decisions follow: whether none of these failed."""
    failed = [step.failed for step in trace.steps]
    return [not any(failed[at + 1 : at + 1 + RECOVERY_WITHIN]) for at in range(max(0, len(failed) - RECOVERY_WITHIN))]


def _quantile(values: Sequence[float], share: float) -> float | None:
    """By linear interpolation: Hyndman & Fan, *The American Statistician* 50 (1996) 361-365, definition 7."""
    if not values:
        return None
    at = share * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])
