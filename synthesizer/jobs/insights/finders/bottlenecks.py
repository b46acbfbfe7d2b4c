"""The one action that most runs of an agent spend most of their time in."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs.insights.confidence import of_share
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT, of_runs
from soma.synthesizer.stats import Proportion, proportion
from soma.synthesizer.wording import duration, percent, plain

MOST = 0.5
"""Proposed where the action is the longest of more than this share of an agent's runs."""
_SHORTEST_MS = 1000.0
_EVIDENCE = 20


class Longest(msgspec.Struct, frozen=True):
    """Where one execution spent most time; fields in the order of the columns of ``bottlenecks.sql``.

    ``micros`` of ``total`` microseconds: sums over its decisions whose duration is known.
    """

    execution_id: str
    action: str
    micros: int
    total: int


def find(ground: Ground) -> list[Finding]:
    """One finding per agent whose runs mostly spend the most time in one action, at least a second in the middle."""
    of_agent: dict[str, list[Longest]] = defaultdict(list)
    for longest in answer(ground.vault, Longest, __package__, "bottlenecks"):
        of_agent[ground.runs[longest.execution_id].agent_id].append(longest)
    candidates = []
    for agent, runs in sorted(of_agent.items()):
        actions = Counter(run.action for run in runs)
        action = min(actions, key=lambda name: (-actions[name], name))
        if actions[action] >= LEAST:
            candidates.append((agent, action, proportion(actions[action], len(runs)), runs))
    found = discovered(candidates, [chance_of(share, MOST, least=LEAST, rivals=2) for _, _, share, _ in candidates])
    findings = [
        _finding(ground, agent, action, share, [run for run in runs if run.action == action])
        for (agent, action, share, runs), _ in found
    ]
    return [finding for finding in findings if finding is not None and finding.confidence > 0]


def _finding(ground: Ground, agent: str, action: str, share: Proportion, runs: Sequence[Longest]) -> Finding | None:
    median = statistics.median(run.micros for run in runs) / 1000
    if median < _SHORTEST_MS:
        return None
    of_time = statistics.median(run.micros / run.total for run in runs)
    order = sorted(runs, key=lambda run: (-run.micros, run.execution_id))
    return Finding(
        type="bottleneck",
        subject=f"{agent} | {action}",
        claim=(
            f"{plain(agent, SHORT)} spends more time in {plain(action, SHORT)} than in any other action in "
            f"{of_runs(share)}: {duration(median)} (median), {percent(of_time)} of the time of all decisions."
        ),
        confidence=of_share(share, against=MOST),
        estimate=share.rate,
        low=share.interval.low,
        high=share.interval.high,
        support=share.total,
        agents=(agent,),
        tasks=ground.tasks_of(run.execution_id for run in runs),
        evidence=tuple(run.execution_id for run in order[:_EVIDENCE]),
    )
