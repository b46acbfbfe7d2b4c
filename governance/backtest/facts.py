"""What was known about each execution of a vault when it began, so that a policy is tried as it would have been asked.

A rate or a conformance is that of the agent's earlier executions; what came later was not known then. Known bottlenecks
are those of today: a condition on them looks back with hindsight, and the back-test says so.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

import msgspec

from soma.governance.policy import Facts
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import conformance, insights
from soma.synthesizer.jobs.insights.finders.delegations import depths
from soma.synthesizer.jobs.insights.ground import Ground

RECENT = 20
"""Executions of an agent that count as recent."""
LEAST_RECENT = 5
"""Below so many, a rate of failures is not known."""
_EVERY = 1_000_000


class Started(msgspec.Struct, frozen=True):
    """Fields in the order of the columns of ``executions.sql``."""

    execution_id: str
    team_id: str | None
    started_at: int | None
    ended_at: int | None


def facts_of(ground: Ground, kinds: frozenset[str]) -> dict[str, Facts]:
    """Facts by execution id.

    Args:
        ground: The vault's executions with their tasks.
        kinds: The conditions that will be asked: what only others need is not looked for.
    """
    started = answer(ground.vault, Started, __package__, "executions")
    deep = depths(ground.runs) if "depth" in kinds else {}
    slow = _bottlenecks(ground) if "bottleneck" in kinds else {}
    rates = _failure_rates(ground, started) if "failureRate" in kinds else {}
    fits = _conformances(ground, started) if "conformance" in kinds else {}
    found = {}
    for row in started:
        run = ground.runs[row.execution_id]
        names = (ground.task_of(row.execution_id), run.task_id)
        found[row.execution_id] = Facts(
            agent_id=run.agent_id,
            team_id=row.team_id,
            tasks=tuple(dict.fromkeys(name for name in names if name)),
            failure_rate=rates.get(row.execution_id),
            conformance=fits.get(row.execution_id),
            bottlenecks=slow.get(run.agent_id, frozenset()),
            depth=deep.get(row.execution_id),
        )
    return found


def _bottlenecks(ground: Ground) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for finding in insights.find(ground.vault).findings:
        if finding.type == "bottleneck":
            agent, _, action = finding.subject.partition(" | ")
            found[agent].add(action)
    return {agent: frozenset(actions) for agent, actions in found.items()}


def _failure_rates(ground: Ground, started: list[Started]) -> dict[str, float]:
    """Share of failed ones among the agent's last ``RECENT`` executions before each, by how they ended."""
    recent: dict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=RECENT))
    rates = {}
    for row in started:
        run = ground.runs[row.execution_id]
        before = recent[run.agent_id]
        if len(before) >= LEAST_RECENT:
            rates[row.execution_id] = sum(before) / len(before)
        if run.status != "unknown":
            before.append(run.status == "failed")
    return rates


def _conformances(ground: Ground, started: list[Started]) -> dict[str, float]:
    """Conformance of the agent's execution before each."""
    checked = {
        one.execution_id: one.conformance
        for agent in conformance.run(ground.vault, limit=_EVERY).agents
        for one in agent.least
        if one.conformance is not None
    }
    last: dict[str, float] = {}
    found = {}
    for row in started:
        agent = ground.runs[row.execution_id].agent_id
        if agent in last:
            found[row.execution_id] = last[agent]
        if (value := checked.get(row.execution_id)) is not None:
            last[agent] = value
    return found
