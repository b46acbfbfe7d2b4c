"""Beginnings of paths that are followed by failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import variants
from soma.synthesizer.jobs.insights import advice
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import LONG, SHORT, did
from soma.synthesizer.jobs.variants.model import FailurePrefix, Measure, Run
from soma.synthesizer.jobs.variants.prefixes import candidates, judged, measure_of
from soma.synthesizer.measure import did_well
from soma.synthesizer.wording import number, percent, plain, points

_LEVEL = 0.95
_ALL = ""
_EVIDENCE = 20


def find(ground: Ground) -> list[Finding]:
    """One finding per agent with a clear failure prefix, and one over all agents where none of them has the same.

    The beginning is the clearest of its agent; false discoveries are controlled over all beginnings of all agents. The
    comparison is that of ``soma variants``.
    """
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in answer(ground.vault, Run, variants.__name__, "query"):
        if ground.task_of(run.execution_id):
            groups[run.agent_id].append(run)
            groups[_ALL].append(run)
    names = sorted(groups)
    measures = [measure_of(groups[name]) for name in names]
    tried = [
        candidates(groups[name], ground.tasks.assignments, measure, _LEVEL)
        for name, measure in zip(names, measures, strict=True)
    ]
    clear = {
        name: (measure, next((prefix for prefix in found if prefix.clear), None))
        for name, measure, found in zip(names, measures, judged(tried, _LEVEL), strict=True)
    }
    measure, overall = clear.pop(_ALL, ("status", None))
    own = [(name, measured, prefix) for name, (measured, prefix) in clear.items() if prefix is not None]
    findings = [_finding(ground, groups[name], (name,), measured, prefix) for name, measured, prefix in own]
    if overall is not None and len(overall.agents) > 1 and overall.prefix not in [prefix.prefix for *_, prefix in own]:
        findings.append(_finding(ground, groups[_ALL], tuple(sorted(overall.agents)), measure, overall))
    return [finding for finding in findings if finding.confidence > 0]


def _finding(
    ground: Ground, runs: Sequence[Run], agents: Sequence[str], measure: Measure, failure: FailurePrefix
) -> Finding:
    began = [run for run in runs if tuple(run.actions or ())[: len(failure.prefix)] == failure.prefix]
    began.sort(key=lambda run: (did_well(run, measure) is not False, run.execution_id))
    whose = agents[0] if len(agents) == 1 else "all agents"
    return Finding(
        type="failure prefix",
        subject=" | ".join((whose, " > ".join(failure.prefix))),
        claim=_claim(agents, measure, failure),
        confidence=of_difference(failure.difference, failure.following.total),
        estimate=failure.difference.estimate,
        low=failure.difference.interval.low,
        high=failure.difference.interval.high,
        support=failure.following.total,
        agents=tuple(agents),
        tasks=ground.tasks_of(run.execution_id for run in began),
        avoids=advice.after(failure.prefix[:-1], failure.prefix[-1]),
        evidence=tuple(run.execution_id for run in began[:_EVIDENCE]),
        at_stake=failure.difference.estimate,
    )


def _claim(agents: Sequence[str], measure: Measure, failure: FailurePrefix) -> str:
    who = plain(agents[0], SHORT) if len(agents) == 1 else number(len(agents), "agent")
    begin = plain(" > ".join(failure.prefix), LONG)
    task_by_task = " task by task" if failure.difference.strata > 1 else ""
    return (
        f"Of {number(failure.following.total, 'run')} of {who} that begin with {begin} "
        f"{percent(failure.following.rate)} {did(measure)}, of {failure.others.total:,} that begin otherwise on the "
        f"same tasks {percent(failure.others.rate)} ({points(failure.difference)}{task_by_task})."
    )
