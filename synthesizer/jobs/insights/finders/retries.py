"""Agents that make a failed call again unchanged, and whether that ever helps."""

from __future__ import annotations

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
from soma.synthesizer.wording import number, plain

COMMON = 0.05
"""Proposed where more than this share of an agent's runs repeat a failed call unchanged."""
_EVIDENCE = 20


class Repeat(msgspec.Struct, frozen=True):
    """One call made again; fields in the order of the columns of ``retries.sql``."""

    execution_id: str
    decision_id: str
    action: str
    helped: bool


def find(ground: Ground) -> list[Finding]:
    """One finding per agent that repeats failed calls unchanged in more than one run in twenty."""
    of_agent: dict[str, dict[str, list[Repeat]]] = defaultdict(lambda: defaultdict(list))
    for repeat in answer(ground.vault, Repeat, __package__, "retries"):
        of_agent[ground.runs[repeat.execution_id].agent_id][repeat.execution_id].append(repeat)
    candidates = [
        (agent, proportion(len(runs), len(ground.by_agent[agent])), runs)
        for agent, runs in sorted(of_agent.items())
        if len(runs) >= LEAST
    ]
    found = discovered(candidates, [chance_of(share, COMMON, least=LEAST) for _, share, _ in candidates])
    findings = [_finding(ground, agent, share, runs) for (agent, share, runs), _ in found]
    return [finding for finding in findings if finding.confidence > 0]


def _finding(ground: Ground, agent: str, share: Proportion, runs: dict[str, list[Repeat]]) -> Finding:
    # The most repeats first.
    order = sorted(runs, key=lambda execution: (-len(runs[execution]), execution))
    return Finding(
        type="retries",
        subject=agent,
        claim=_claim(agent, share, [runs[execution] for execution in order]),
        confidence=of_share(share, against=COMMON),
        estimate=share.rate,
        low=share.interval.low,
        high=share.interval.high,
        support=share.total,
        agents=(agent,),
        tasks=ground.tasks_of(runs),
        evidence=tuple(runs[execution][0].decision_id for execution in order[:_EVIDENCE]),
    )


def _claim(agent: str, share: Proportion, runs: Sequence[Sequence[Repeat]]) -> str:
    helped = proportion(sum(any(repeat.helped for repeat in repeats) for repeats in runs), len(runs))
    actions = Counter(repeat.action for repeats in runs for repeat in repeats)
    action = min(actions, key=lambda name: (-actions[name], name))
    times, most = sum(actions.values()), len(runs[0])
    often = f"{number(times, 'time')} in all" + (f", up to {most} times in one run" if most > 1 else "")
    worked = f"It helped in {of_runs(helped)} of them." if helped.successes else (
        f"It never helped (at most {100 * helped.interval.high:.0f} % of such runs)."
    )  # fmt: skip
    return (
        f"{plain(agent, SHORT)} makes a failed call again unchanged in {of_runs(share)}, {often}, most often "
        f"{plain(action, SHORT)}. {worked}"
    )
