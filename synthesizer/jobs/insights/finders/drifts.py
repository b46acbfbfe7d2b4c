"""Agents that changed, and since when."""

from __future__ import annotations

from collections.abc import Iterator

from soma.clock import to_datetime
from soma.synthesizer.jobs import drift
from soma.synthesizer.jobs.drift.model import AgentDrift, Aspect, Change
from soma.synthesizer.jobs.insights.confidence import of_q_value
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT
from soma.synthesizer.wording import number, percent, plain, points

_EVERYDAY = "tasks"


def find(ground: Ground) -> list[Finding]:
    """One finding per agent and aspect that changed: its latest change. Other work alone is no finding."""
    return [
        finding
        for agent in drift.run(ground.vault).agents
        for aspect in agent.aspects
        if aspect.name != _EVERYDAY
        for finding in _found(ground, agent, aspect)
    ]


def _found(ground: Ground, agent: AgentDrift, aspect: Aspect) -> Iterator[Finding]:
    if aspect.verdict != "changed" or not aspect.changes:
        return
    change = max(aspect.changes, key=lambda one: (one.since, -one.q_value, one.what or ""))
    support = change.before_runs + change.after_runs
    estimate, low, high = _figures(change)
    yield Finding(
        type="drift",
        subject=f"{agent.agent_id} | {aspect.name}",
        claim=_claim(agent, aspect, change),
        confidence=of_q_value(change.q_value, support),
        estimate=estimate,
        low=low,
        high=high,
        support=support,
        agents=(agent.agent_id,),
        tasks=ground.tasks_of([change.execution_id]),
        evidence=(change.execution_id,),
        at_stake=estimate if aspect.name == "outcome" else None,
    )


def _figures(change: Change) -> tuple[float | None, float | None, float | None]:
    if change.difference is not None:
        return change.difference.estimate, change.difference.interval.low, change.difference.interval.high
    if change.ratio is not None:
        return change.ratio.estimate, change.ratio.low, change.ratio.high
    return None, None, None


def _claim(agent: AgentDrift, aspect: Aspect, change: Change) -> str:
    since = to_datetime(change.since).strftime("%-d %b %Y %H:%M")
    name = plain(agent.agent_id, SHORT)
    if aspect.name == "outcome":
        doing = "achieves its task" if agent.measure == "success" else "completes"
        what = f"Since {since} {name} {doing} {_often(change)}"
    elif aspect.name == "actions":
        what = f"Since {since} {name} acts otherwise" + (f" ({plain(change.what, SHORT)})" if change.what else "")
    else:
        what = f"Since {since} the {aspect.name} of the runs of {name} is another"
    earlier = len(aspect.changes) - 1
    more = f" {number(earlier, 'earlier change')} of the same kind." if earlier else ""
    return f"{what}: {_sizes(change)}.{more}"


def _often(change: Change) -> str:
    estimate = change.difference.estimate if change.difference is not None else 0.0
    return "less often" if estimate < 0 else "more often" if estimate > 0 else "in another share of its runs"


def _sizes(change: Change) -> str:
    if change.before is not None and change.after is not None:
        rates = (
            f"{percent(change.before.rate)} of {number(change.before.total, 'run')} before, "
            f"{percent(change.after.rate)} of {change.after.total:,} after"
        )
        return f"{rates} ({points(change.difference)})" if change.difference is not None else rates
    runs = f"{number(change.before_runs, 'run')} before, {change.after_runs:,} after"
    if change.ratio is None:
        return runs
    low = "0" if change.ratio.low is None else f"{change.ratio.low:.2g}"
    high = "∞" if change.ratio.high is None else f"{change.ratio.high:.2g}"
    return f"{change.ratio.estimate:.2g} times as large [{low}, {high}], {runs}"
