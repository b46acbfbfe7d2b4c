"""The figures of a back-test: what a policy would have stopped, and how that ended."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from soma.governance.policy import Bottleneck, Conformance, Policy
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs.insights.ground import Ground, Run
from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import proportion
from soma.synthesizer.wording import number

from .beside import FEW, measure_of, on_the_same_tasks
from .facts import Started, facts_of
from .model import AgentTally, Backtest, Example, Measure
from .replay import Traced, judgeable, recorded, traced

_EXAMPLES = 5


class _Judged(NamedTuple):
    run: Run
    trace: Traced


def run(vault: Queryable, policy: Policy) -> Backtest:
    """Replay ``policy`` over every execution of the vault.

    The executions of a vault ran without the policy (or under it, if it binds already): what is counted is what it
    would have stopped, not what would have come instead.
    """
    ground = Ground(vault)
    facts = facts_of(ground, frozenset({str(policy.condition.__struct_config__.tag)}))
    covered = [execution for execution in ground.runs if policy.scope.covers(facts[execution])]
    judged, unjudged = [], 0
    for execution, steps in recorded(vault, covered):
        if judgeable(policy, facts[execution], steps):
            judged.append(_Judged(ground.runs[execution], traced(policy, facts[execution], steps)))
        else:
            unjudged += 1
    return _told(ground, policy, judged, unjudged)


def _told(ground: Ground, policy: Policy, judged: Sequence[_Judged], unjudged: int) -> Backtest:
    hit = [one for one in judged if one.trace.first is not None]
    runs = [one.run for one in judged]
    effect, same_agent = on_the_same_tasks(ground, {one.run.execution_id for one in hit}, runs)
    measure: Measure = effect.measure if effect else measure_of(runs)
    ends = {one.run.execution_id: did_well(one.run, measure) for one in judged}
    good, bad = ([one for one in judged if ends[one.run.execution_id] is well] for well in (True, False))
    hit_good, hit_bad = ([one for one in side if one.trace.first is not None] for side in (good, bad))
    return Backtest(
        policy=policy,
        measure=measure,
        executions=len(ground.runs),
        covered=len(judged),
        unjudged=unjudged,
        hit=len(hit),
        decisions=sum(one.trace.hits for one in judged),
        calls=sum(one.trace.calls for one in judged),
        saved=proportion(len(hit_bad), len(bad)),
        false_blocks=proportion(len(hit_good), len(good)),
        failing=proportion(len(hit_bad), len(hit_bad) + len(hit_good)),
        unknown=len(hit) - len(hit_bad) - len(hit_good),
        effect=effect.difference if effect else None,
        same_agent=same_agent,
        hit_share=effect.marked if effect else None,
        other_share=effect.others if effect else None,
        calls_left=statistics.median(one.trace.left for one in hit) if hit else None,
        ms_left=_time_left(ground, hit),
        agents=_by_agent(judged, ends),
        saves=tuple(_example(one, False) for one in _telling(hit_bad)),
        blocks=tuple(_example(one, True) for one in _telling(hit_good)),
        cautions=tuple(
            _cautions(policy, len(hit_bad) + len(hit_good), unjudged, across=bool(effect) and not same_agent)
        ),
    )


def _time_left(ground: Ground, hit: Sequence[_Judged]) -> float | None:
    ends = {row.execution_id: row.ended_at for row in answer(ground.vault, Started, __package__, "executions")}
    left = [
        (end - one.trace.first.started_at) / 1000
        for one in hit
        if one.trace.first is not None and one.trace.first.started_at is not None
        and (end := ends[one.run.execution_id]) is not None and end >= one.trace.first.started_at
    ]  # fmt: skip
    return statistics.median(left) if left else None


def _by_agent(judged: Sequence[_Judged], ends: dict[str, bool | None]) -> tuple[AgentTally, ...]:
    grouped: dict[str, list[_Judged]] = defaultdict(list)
    for one in judged:
        grouped[one.run.agent_id].append(one)
    tallies = []
    for agent, ones in grouped.items():
        hit = [ends[one.run.execution_id] for one in ones if one.trace.first is not None]
        tallies.append(
            AgentTally(agent_id=agent, covered=len(ones), hit=len(hit), bad=hit.count(False), good=hit.count(True))
        )
    return tuple(sorted(tallies, key=lambda tally: (-tally.hit, tally.agent_id)))


def _telling(ones: Sequence[_Judged]) -> list[_Judged]:
    """Those with most still to come first."""
    return sorted(ones, key=lambda one: (-one.trace.left, one.run.execution_id))[:_EXAMPLES]


def _example(one: _Judged, good: bool) -> Example:
    first = one.trace.first
    assert first is not None  # noqa: S101 - only executions that are hit are shown
    return Example(
        execution_id=one.run.execution_id, agent_id=one.run.agent_id, step=first.step, action=first.action,
        decision_id=first.decision_id, evidence=one.trace.evidence, calls_left=one.trace.left, good=good,
    )  # fmt: skip


def _cautions(policy: Policy, known: int, unjudged: int, *, across: bool) -> list[str]:
    told = [
        "What a stopped execution would have done instead is not known: saved means stopped, not mended.",
        "Executions are hit because they are in trouble: that more of them fail does not show that the call is why.",
    ]
    if across:
        told.append("Different agents are compared: what they differ in besides this call counts too.")
    if policy.origin:
        told.append("It was drafted from these very executions: on new ones it will do worse than here.")
    if known < FEW:
        told.append(f"Only {number(known, 'execution')} with a known end would have been hit: too few to rely on.")
    if unjudged:
        told.append(
            f"{number(unjudged, 'execution')} could not be judged: what the condition asks about is not recorded."
        )
    if isinstance(policy.condition, Bottleneck | Conformance):
        told.append(
            "What counts as usual, and which actions are bottlenecks, was learned from all executions, later ones too."
        )
    return told
