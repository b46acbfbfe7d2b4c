"""Beginnings of paths that are followed by failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from soma.synthesizer.jobs.insights import advice
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import LONG, SHORT, did
from soma.synthesizer.jobs.variants.model import FailurePrefix
from soma.synthesizer.jobs.variants.prefixes import adjusted, beginnings_of, judged
from soma.synthesizer.kept import once_of
from soma.synthesizer.walks import Measure, Walks, walks_of
from soma.synthesizer.wording import number, percent, plain, points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_LEVEL = 0.95
_ALL = ""
_EVIDENCE = 20


def find(ground: Ground) -> list[Finding]:
    """One finding per agent with a clear failure prefix, and one over all agents where none of them has the same.

    The beginning is the clearest of its agent; false discoveries are controlled over all beginnings of all agents. The
    comparison is that of ``soma variants``.
    """
    walks = walks_of(ground.vault)
    _, tasks = walks.tasks(ground.tasks.assignments)
    tasked = walks.everyone[tasks >= 0]
    groups = {_ALL: tasked}
    for place, name in enumerate(walks.agent_names):
        groups[name] = tasked[walks.agents[tasked] == place]
    names = sorted(name for name, members in groups.items() if len(members))
    measures = [walks.measure_of(groups[name]) for name in names]
    tried = [
        beginnings_of(walks, groups[name], tasks, measure, _LEVEL, once_of(ground.vault))
        for name, measure in zip(names, measures, strict=True)
    ]
    clear = {
        name: (measure, next((one for one in judged(beginnings, q_values, 1 - _LEVEL) if one.clear), None))
        for name, measure, beginnings, q_values in zip(names, measures, tried, adjusted(tried), strict=True)
    }
    measure, overall = clear.pop(_ALL, ("status", None))
    own = [(name, measured, prefix) for name, (measured, prefix) in clear.items() if prefix is not None]
    findings = [_finding(ground, walks, groups[name], (name,), measured, prefix) for name, measured, prefix in own]
    if overall is not None and len(overall.agents) > 1 and overall.prefix not in [prefix.prefix for *_, prefix in own]:
        findings.append(_finding(ground, walks, groups[_ALL], tuple(sorted(overall.agents)), measure, overall))
    return [finding for finding in findings if finding.confidence > 0]


def _finding(
    ground: Ground, walks: Walks, members: Ints, agents: Sequence[str], measure: Measure, failure: FailurePrefix
) -> Finding:
    prefix = walks.words.word(failure.prefix)
    began = [
        (outcome != 0, walks.executions[place])
        for place, path, outcome in zip(
            members.tolist(), walks.taken[members].tolist(), walks.outcomes[measure][members].tolist(), strict=True
        )
        if walks.paths[path].startswith(prefix)
    ]
    began.sort()
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
        tasks=ground.tasks_of(execution for _, execution in began),
        avoids=advice.after(failure.prefix[:-1], failure.prefix[-1]),
        evidence=tuple(execution for _, execution in began[:_EVIDENCE]),
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
