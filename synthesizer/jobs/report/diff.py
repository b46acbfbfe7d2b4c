"""Two reports of one vault held against each other. Pure.

A report counts everything the vault holds, so tonight's counts contain yesterday's. What is compared is therefore the
runs that came since (tonight's counts minus yesterday's) with those that were there before: two groups that share no
run. Newcombe's interval and Boschloo's test tell them apart, Benjamini & Hochberg's step-up over all agents. Each night
is one look at new runs; over many nights false alarms add up, which is what ``soma drift`` is made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from soma.errors import UsageError
from soma.synthesizer import stats
from soma.synthesizer.stats import Stratum
from soma.synthesizer.wording import count, number, percent, plain, points

from .changes import (
    AgentChange,
    Changes,
    Counted,
    CoverageChange,
    Earlier,
    EarlierAgent,
    EarlierInsight,
    FindingChange,
    NewFailures,
    Verdict,
)
from .ground import Effect, proportion_of, range_of, rounded
from .model import Agent, Insight, Report

_FEWEST = 3


def earlier_of(data: bytes, where: str) -> Earlier:
    """What an earlier report tells.

    Raises:
        UsageError: if it is no report of soma.
    """
    try:
        return msgspec.json.decode(data, type=Earlier)
    except msgspec.DecodeError as problem:
        raise UsageError(
            f"this is no report of soma: {problem}", where=where, hint="name a soma-report.json that soma wrote"
        ) from problem


def changes_of(earlier: Earlier, report: Report) -> Changes:
    """What changed from ``earlier`` to ``report``."""
    agents = _agents(earlier, report)
    return Changes(
        since=earlier.generated_at,
        vault_version=max(0, earlier.vault_version),
        agents=agents,
        worse=sum(agent.verdict == "worse" for agent in agents),
        better=sum(agent.verdict == "better" for agent in agents),
        failures=_failures(earlier, report),
        findings=[*_findings(earlier, report)],
        coverage=[*_coverage(earlier, report)],
        executions=_counted(earlier.totals.executions, report.totals.executions),
        sources=_counted(earlier.sources.total, report.sources.total),
        unusable=_counted(earlier.sources.unusable_total, report.sources.unusable_total),
        secrets=_counted(earlier.sources.redacted, report.sources.redacted),
    )


def _counted(before: int, after: int) -> Counted:
    return Counted(max(0, before), after)


def _agents(earlier: Earlier, report: Report) -> list[AgentChange]:
    then = {agent.id: agent for agent in earlier.agents}
    compared = {agent.id: _stratum(then[agent.id], agent) for agent in report.agents if agent.id in then}
    differences = {
        name: difference
        for name, stratum in compared.items()
        if stratum and min(stratum.first_total, stratum.second_total) >= _FEWEST
        and (difference := stats.compare([stratum], report.level))
    }  # fmt: skip
    q_values = dict(
        zip(differences, stats.benjamini_hochberg([each.p_value for each in differences.values()]), strict=True)
    )
    found = [
        _change(then[agent.id], agent, compared[agent.id], differences.get(agent.id), q_values.get(agent.id), report)
        for agent in report.agents
        if agent.id in then
    ]
    found += [_come(agent) for agent in report.agents if agent.id not in then]
    found += [_gone(agent) for agent in earlier.agents if agent.id not in {each.id for each in report.agents}]
    order: list[Verdict] = ["worse", "better", "new", "gone", "not told apart", "not comparable", "no new run"]
    told = [each for each in found if each.verdict != "no new run" or each.health_before != each.health_after]
    return sorted(told, key=lambda each: (order.index(each.verdict), each.agent))


def _stratum(then: EarlierAgent, now: Agent) -> Stratum | None:
    """Failed and judged runs before, and since; ``None`` where they cannot be told apart."""
    judged, failures = now.judged - then.judged, now.failures - then.failures
    same = then.measure == now.measure or not then.judged
    if not same or not 0 <= failures <= judged or not 0 <= then.failures <= then.judged:
        return None
    return Stratum(then.failures, then.judged, failures, judged)


def _change(
    then: EarlierAgent, now: Agent, stratum: Stratum | None, difference: stats.Difference | None,
    q_value: float | None, report: Report,
) -> AgentChange:  # fmt: skip
    before = since = None
    verdict: Verdict = "not comparable"
    text = "Runs counted then are not counted now, or failure is told otherwise: the numbers do not compare."
    if stratum:
        before = stats.proportion(stratum.first_successes, stratum.first_total, report.level)
        since = stats.proportion(stratum.second_successes, stratum.second_total, report.level)
        verdict, text = "no new run", "No new run whose end is known."
        if since.total:
            verdict = "not told apart"
            text = f"{count(since)} new runs failed"
            text += f", {percent(before.rate)} before ({count(before)})" if before.total else ""
            text += f": {points(difference)}" if difference else ", too few to compare"
            if difference and q_value is not None and _holds(difference, q_value, report.level):
                verdict = "worse" if difference.estimate > 0 else "better"
            elif difference:
                text += ", not told apart from chance"
            text += "."
    if then.health != now.health:
        text += f" Its health was {plain(then.health, 30)}, it is {now.health}."
    return AgentChange(
        agent=now.id,
        verdict=verdict,
        health_before=then.health,
        health_after=now.health,
        before=proportion_of(before) if before else None,
        since=proportion_of(since) if since else None,
        effect=Effect(estimate=rounded(difference.estimate), interval=range_of(difference.interval))
        if difference else None,
        q_value=None if q_value is None else float(f"{min(1.0, q_value):.4g}"),
        text=text,
    )  # fmt: skip


def _holds(difference: stats.Difference, q_value: float, level: float) -> bool:
    # 1 - 0.95 is a little more than 0.05 in floating point.
    return difference.interval.excludes(0) and q_value <= round(1 - level, 9)


def _come(agent: Agent) -> AgentChange:
    return AgentChange(
        agent=agent.id, verdict="new", health_before=None, health_after=agent.health, before=None, since=None,
        effect=None, q_value=None, text=f"Was not there before. {agent.health_reason}",
    )  # fmt: skip


def _gone(agent: EarlierAgent) -> AgentChange:
    return AgentChange(
        agent=agent.id, verdict="gone", health_before=agent.health, health_after=None, before=None, since=None,
        effect=None, q_value=None, text=f"No run of it is left; {number(agent.judged, 'judged run')} before.",
    )  # fmt: skip


def _failures(earlier: Earlier, report: Report) -> list[NewFailures]:
    then = {agent.id: agent.failures for agent in earlier.agents}
    found = [
        NewFailures(
            agent=agent.id,
            failures=agent.failures - then.get(agent.id, 0),
            execution_id=agent.last_failed.execution_id if agent.last_failed else None,
            started_at=agent.last_failed.started_at if agent.last_failed else None,
        )
        for agent in report.agents
        if agent.failures > then.get(agent.id, 0)
    ]
    return sorted(found, key=lambda each: (-each.failures, each.agent))


def _findings(earlier: Earlier, report: Report) -> Iterator[FindingChange]:
    then, now = _by_key(earlier.insights), _by_key(report.insights)
    for key in sorted(now.keys() - then.keys()):
        yield FindingChange(id=now[key].id, type=now[key].type, title=now[key].title, became="new")
    for key in sorted(now.keys() & then.keys()):
        status = now[key].status
        if status in {"promoted", "rejected"} and status != then[key].status:
            yield FindingChange(
                id=now[key].id, type=now[key].type, title=now[key].title,
                became="promoted" if status == "promoted" else "rejected",
            )  # fmt: skip
    for key in sorted(then.keys() - now.keys()):
        yield FindingChange(id=then[key].id, type=then[key].type, title=plain(then[key].title, 80), became="gone")


def _by_key(
    insights: Sequence[EarlierInsight] | Sequence[Insight],
) -> dict[tuple[str, ...], EarlierInsight | Insight]:
    """A divergence is known by its agents: computed one night and proposed the next, it is the same finding."""
    return {
        ("divergence", *sorted(item.source_agents)) if item.type == "divergence" else (item.type, item.id): item
        for item in insights
    }


def _coverage(earlier: Earlier, report: Report) -> Iterator[CoverageChange]:
    if earlier.coverage is None:
        return
    then = {(each.format, field): cell for each in earlier.coverage.formats for field, cell in each.cells.items()}
    now = {(each.format, field): cell for each in report.coverage.formats for field, cell in each.cells.items()}
    for key in sorted(then.keys() | now.keys()):
        if then.get(key) != now.get(key):
            yield CoverageChange(format=key[0], field=key[1], before=then.get(key), after=now.get(key))
