"""Health of an agent from its runs. Pure.

The rules, on the failure rate and its Wilson interval. A word is said only when the interval supports it:

- ``critical``: half of the runs or more fail, and at least a quarter surely do (lower bound);
- ``degraded``: a fifth or more fail, and it is surely more than one in twenty;
- ``healthy``: less than a fifth fail, and it is surely less than two in five;
- ``not enough data``: none of these, or fewer than three runs whose end is known;
- ``unknown``: of no run at all is it recorded how it ended.

Where success is known of so few runs that how runs ended is the measure, those few still count: when they alone are
``critical`` or ``degraded``, the agent is not called better than that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from soma.synthesizer.stats import Difference, Proportion, Stratum, compare, proportion
from soma.synthesizer.wording import number

from .model import ORDER, AgentHealth, Change, Health, Ledger, Measure, Run, Status, Trend

CRITICAL_RATE, CRITICAL_SURELY = 0.50, 0.25
DEGRADED_RATE, DEGRADED_SURELY = 0.20, 0.05
HEALTHY_SURELY = 0.40
FEWEST = 3
_RECENT_US = 7 * 86_400 * 1_000_000
_ENOUGH_FOR_A_TREND = 5
_MOST_MORE = 200


def status_of(runs: Iterable[Run], ledger: Ledger, *, version: int, level: float) -> Status:
    """All agents; ``runs`` ordered by agent and time."""
    agents = [agent_health(agent, list(group), level) for agent, group in groupby(runs, key=lambda run: run.agent_id)]
    agents.sort(key=lambda a: (ORDER.index(a.health), -(a.failures.rate or 0.0), -a.runs, a.agent_id))
    return Status(
        vault_version=version,
        executions=sum(agent.runs for agent in agents),
        decisions=sum(agent.decisions for agent in agents),
        agents=tuple(agents),
        sources=ledger,
        level=level,
    )


def agent_health(agent_id: str, runs: Sequence[Run], level: float) -> AgentHealth:
    """One agent from all its runs, ordered by time."""
    measure = measure_of(runs)
    judged = [(run, failed) for run in runs if (failed := has_failed(run, measure)) is not None]
    failures = proportion(sum(failed for _, failed in judged), len(judged), level)
    known = [run.success for run in runs if run.success is not None]
    success = proportion(sum(known), len(known), level) if known else None
    health = "unknown" if measure == "none" else overall(health_of(failures), success, level)
    tokens = [run.tokens for run in runs if run.tokens_known]
    costs = [run.cost_usd for run in runs if run.cost_usd is not None]
    starts = [run.started_at for run in runs if run.started_at is not None]
    ends = [end for run in runs if (end := run.ended_at or run.started_at) is not None]
    return AgentHealth(
        agent_id=agent_id,
        health=health,
        runs=len(runs),
        measure=measure,
        failures=failures,
        success=success,
        decisions=sum(run.decisions for run in runs),
        decisions_failed=sum(run.broken for run in runs),
        more_needed=more_needed(failures, level) if health == "not enough data" else None,
        change=_change(judged, level),
        first_seen=min(starts, default=None),
        last_seen=max(ends, default=None),
        frameworks=tuple(sorted({run.framework for run in runs})),
        tokens=sum(tokens) if tokens else None,
        cost_usd=math.fsum(costs) if costs else None,
        not_known=_not_known(runs, len(known), len(judged), len(tokens), len(costs)),
    )


def measure_of(runs: Sequence[Run]) -> Measure:
    """Success where it is known of at least half of the runs, else how runs ended, else nothing."""
    if 2 * sum(run.success is not None for run in runs) >= len(runs):
        return "success"
    return "status" if any(run.status != "unknown" for run in runs) else "none"


def has_failed(run: Run, measure: Measure) -> bool | None:
    """Whether the run failed by the measure; ``None`` when that is not known."""
    if measure == "success":
        return None if run.success is None else not run.success
    return None if run.status == "unknown" or measure == "none" else run.status == "failed"


def last_failed(runs: Iterable[Run], measure: Measure) -> Run | None:
    """The failed run that began last; where no times are known, the one in which most decisions failed."""
    failed = (run for run in runs if has_failed(run, measure))
    return max(failed, key=lambda run: (run.started_at or 0, run.broken, run.execution_id), default=None)


def health_of(failures: Proportion) -> Health:
    """The word for a failure rate; see the rules at the top of this module."""
    if failures.rate is None or failures.total < FEWEST:
        return "not enough data"
    if failures.rate >= CRITICAL_RATE and failures.interval.low >= CRITICAL_SURELY:
        return "critical"
    if failures.rate >= DEGRADED_RATE and failures.interval.low >= DEGRADED_SURELY:
        return "degraded"
    if failures.rate < DEGRADED_RATE and failures.interval.high <= HEALTHY_SURELY:
        return "healthy"
    return "not enough data"


def overall(health: Health, success: Proportion | None, level: float) -> Health:
    """``health``, or what success alone says where that is worse."""
    if success is None:
        return health
    alone = health_of(proportion(success.total - success.successes, success.total, level))
    return min(health, alone, key=ORDER.index) if alone in {"critical", "degraded"} else health


def more_needed(failures: Proportion, level: float) -> int | None:
    """How many more runs, failing as often as so far, would allow a word; ``None`` when very many."""
    rate = failures.rate or 0.0
    for more in range(1, _MOST_MORE + 1):
        total = failures.total + more
        if health_of(proportion(round(rate * total), total, level)) != "not enough data":
            return more
    return None


def _change(judged: Sequence[tuple[Run, bool]], level: float) -> Change:
    """The last seven days of the agent's own time against what came before."""
    timed = [(run.started_at, failed) for run, failed in judged if run.started_at is not None]
    if not timed:
        return Change(trend="unknown", since=None, before=None, recent=None, difference=None)
    since = max(start for start, _ in timed) - _RECENT_US
    old = [failed for start, failed in timed if start < since]
    new = [failed for start, failed in timed if start >= since]
    before, recent = proportion(sum(old), len(old), level), proportion(sum(new), len(new), level)
    if min(len(old), len(new)) < _ENOUGH_FOR_A_TREND:
        return Change(trend="unknown", since=since, before=before, recent=recent, difference=None)
    difference = compare([Stratum(sum(old), len(old), sum(new), len(new))], level)
    return Change(trend=_trend(difference), since=since, before=before, recent=recent, difference=difference)


def _trend(difference: Difference | None) -> Trend:
    if difference is None or not difference.interval.excludes(0.0):
        return "steady"
    return "worse" if difference.estimate > 0 else "better"


def _not_known(runs: Sequence[Run], success: int, judged: int, tokens: int, costs: int) -> tuple[str, ...]:
    total = len(runs)
    out = _missing("success", total - success, total)
    if judged < total and success < total:
        out += ["how runs ended"] if not judged else [f"how {number(total - judged, 'run')} ended"]
    out += _missing("times", sum(run.started_at is None for run in runs), total)
    if not tokens:
        out.append("tokens")
    if not costs:
        out.append("costs")
    return tuple(out)


def _missing(what: str, missing: int, total: int) -> list[str]:
    if not missing:
        return []
    return [what if missing == total else f"{what} of {missing:,} of {number(total, 'run')}"]
