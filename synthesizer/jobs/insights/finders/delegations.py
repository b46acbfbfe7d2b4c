"""Agents that hand work to other agents: how often, how deep, and how the delegated runs end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from soma.synthesizer.jobs.insights.confidence import of_share
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Effect, Ground, Run
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT, beside, did, of_runs
from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Proportion, proportion
from soma.synthesizer.wording import number, plain

COMMON = 0.05
"""Proposed where an agent hands work to another in more than this share of its runs."""
_EVIDENCE = 20


def find(ground: Ground) -> list[Finding]:
    """One finding per agent and agent it regularly hands work to."""
    edges: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in ground.runs.values():
        parent = ground.runs.get(run.parent_execution_id or "")
        if parent is not None:
            edges[parent.agent_id, run.agent_id].append(run)
    levels = depths(ground.runs)
    candidates = []
    for (parent_agent, child_agent), delegated in sorted(edges.items()):
        parents = {run.parent_execution_id for run in delegated}
        if len(parents) >= LEAST:
            share = proportion(len(parents), len(ground.by_agent[parent_agent]))
            candidates.append((parent_agent, child_agent, share, delegated))
    found = [
        item
        for item, _ in discovered(candidates, [chance_of(share, COMMON, least=LEAST) for _, _, share, _ in candidates])
    ]
    effects = [_effect(ground, child, delegated) for _, child, _, delegated in found]
    tested = [effect for effect in effects if effect is not None]
    clear = {id(effect) for effect, _ in discovered(tested, [effect.difference.p_value for effect in tested])}
    findings = [
        _finding(ground, parent, child, share, delegated, levels, (effect, id(effect) in clear))
        for (parent, child, share, delegated), effect in zip(found, effects, strict=True)
    ]
    return [finding for finding in findings if finding.confidence > 0]


def _effect(ground: Ground, agent: str, delegated: Sequence[Run]) -> Effect | None:
    """How delegated runs end beside the agent's own other runs of the same task; ``None`` without such."""
    marked = {run.execution_id for run in delegated}
    same_task = [run for run in ground.by_agent[agent] if ground.own_task_of(run.execution_id)]
    return ground.effect(marked, same_task, stratum=lambda run: ground.own_task_of(run.execution_id))


def depths(runs: Mapping[str, Run]) -> dict[str, int]:
    """How many delegations lie above each execution; a circle of parents ends where it closes."""
    found: dict[str, int] = {}
    for start in runs:
        chain: list[str] = []
        at = start
        while at not in found and at in runs and at not in chain:
            chain.append(at)
            at = runs[at].parent_execution_id or ""
        depth = found.get(at, -1)
        for execution in reversed(chain):
            depth += 1
            found[execution] = depth
    return found


def _finding(
    ground: Ground, parent: str, child: str, share: Proportion, delegated: Sequence[Run], depths: Mapping[str, int],
    ending: tuple[Effect | None, bool],
) -> Finding:  # fmt: skip
    order = sorted(delegated, key=lambda run: (run.success is not False, run.status != "failed", run.execution_id))
    effect, clear = ending
    return Finding(
        type="delegation",
        subject=f"{parent} > {child}",
        claim=f"{_chain(parent, child, share, delegated, depths)} {_ending(delegated, effect, clear)}",
        confidence=of_share(share, against=COMMON),
        estimate=share.rate,
        low=share.interval.low,
        high=share.interval.high,
        support=share.total,
        agents=tuple(dict.fromkeys((parent, child))),
        tasks=ground.tasks_of(run.parent_execution_id or "" for run in delegated),
        evidence=tuple(run.execution_id for run in order[:_EVIDENCE]),
        at_stake=effect.difference.estimate if effect is not None and clear else None,
    )


def _chain(parent: str, child: str, share: Proportion, delegated: Sequence[Run], depths: Mapping[str, int]) -> str:
    most = max(Counter(run.parent_execution_id for run in delegated).values())
    deepest = max(depths[run.execution_id] for run in delegated)
    often = f"up to {most} times in one run" if most > 1 else "once in each of them"
    deep = f", up to {deepest} delegations deep" if deepest > 1 else ""
    whom = "itself" if child == parent else plain(child, SHORT)
    return f"{plain(parent, SHORT)} hands work to {whom} in {of_runs(share)}, {often}{deep}."


def _ending(delegated: Sequence[Run], effect: Effect | None, clear: bool) -> str:
    if effect is not None:
        words = beside(effect, "its other runs of the same task", "of the delegated runs")
        return f"{words}{'' if clear else ': no clear difference'}."
    for measure in ("success", "status"):
        known = [good for run in delegated if (good := did_well(run, measure)) is not None]
        if known:
            ended = proportion(sum(known), len(known))
            doing = did(measure)
            return f"{of_runs(ended)} it hands over {doing}; there are no other runs of the same task to compare with."
    return f"How the {number(len(delegated), 'delegated run')} end is not known."
