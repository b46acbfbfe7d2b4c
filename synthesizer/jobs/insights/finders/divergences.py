"""Pairs of agents of which one does worse on the same tasks, beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.jobs.insights import advice
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import SHORT, did
from soma.synthesizer.measure import did_well
from soma.synthesizer.wording import number, percent, plain, points

_EVIDENCE = 10


def find(ground: Ground) -> list[Finding]:
    """One finding per pair called different among each agent and its best peer."""
    return list(_found(ground, divergence.run(ground.vault).pairs))


def _found(ground: Ground, pairs: tuple[Pair, ...]) -> Iterator[Finding]:
    for pair in pairs:
        if pair.nightly is None or not pair.nightly.holds or pair.difference is None:
            continue
        support = pair.first.outcome.total + pair.second.outcome.total
        prefers, avoids = _advice(pair)
        tasks = _shared(ground, pair)
        yield Finding(
            type="divergence",
            subject=" | ".join(sorted((pair.first.agent_id, pair.second.agent_id))),
            claim=_claim(pair),
            confidence=of_difference(pair.difference, support),
            estimate=pair.difference.estimate,
            low=pair.difference.interval.low,
            high=pair.difference.interval.high,
            support=support,
            agents=(pair.first.agent_id, pair.second.agent_id),
            tasks=tasks,
            prefers=prefers,
            avoids=avoids,
            evidence=_evidence(ground, pair, tasks),
            at_stake=pair.difference.estimate,
            details={"divergence": pair.divergence_id, "finding": pair.finding},
        )


def _advice(pair: Pair) -> tuple[str, str]:
    """The choice that goes with success and the one that does not; empty where the data support no advice."""
    if pair.recommendation is None or pair.parting is None:
        return "", ""
    parting = pair.parting
    return advice.after(parting.prefix, parting.first.action), advice.after(parting.prefix, parting.second.action)


def _shared(ground: Ground, pair: Pair) -> tuple[str, ...]:
    one, other = (
        set(ground.tasks_of(run.execution_id for run in ground.by_agent.get(side.agent_id, ())))
        for side in (pair.first, pair.second)
    )
    return tuple(sorted(one & other))


def _claim(pair: Pair) -> str:
    first, second = (plain(side.agent_id, SHORT) for side in (pair.first, pair.second))
    effect = points(pair.difference) if pair.difference else ""
    return (
        f"On the same {number(pair.tasks, 'task')} {percent(pair.second.outcome.rate)} of the runs of {second} "
        f"{did(pair.measure)}, of {first} {percent(pair.first.outcome.rate)} ({effect}). "
        f"{pair.recommendation or pair.finding}"
    )


def _evidence(ground: Ground, pair: Pair, tasks: Sequence[str]) -> tuple[str, ...]:
    """The choices where the paths part; where they do not, runs that did not do well on tasks the other one did."""
    if pair.parting is not None:
        return (*pair.parting.second.evidence[:_EVIDENCE], *pair.parting.first.evidence[:_EVIDENCE])
    first, second = (ground.by_agent[side.agent_id] for side in (pair.first, pair.second))
    done = {ground.task_of(run.execution_id) for run in first if did_well(run, pair.measure)}
    failed = [run.execution_id for run in second if did_well(run, pair.measure) is False]
    order = sorted(failed, key=lambda execution: (ground.task_of(execution) not in done, execution))
    return tuple(execution for execution in order if ground.task_of(execution) in tasks)[: 2 * _EVIDENCE]
