"""Pairs of agents of which one does worse on the same tasks, beyond chance."""

from __future__ import annotations

from collections.abc import Iterator

from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.wording import number, percent, plain, points

_EVIDENCE = 10


def find(vault: Queryable) -> list[Finding]:
    """One finding per pair called different among each agent and its best peer."""
    return list(_found(divergence.run(vault).pairs))


def _found(pairs: tuple[Pair, ...]) -> Iterator[Finding]:
    for pair in pairs:
        if pair.verdict != "different" or pair.difference is None:
            continue
        support = pair.first.outcome.total + pair.second.outcome.total
        choice = _choice(pair)
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
            tasks=pair.task_labels,
            stance=choice[1] if choice else "",
            evidence=_evidence(pair),
            details={"divergence": pair.divergence_id, "matter": choice[0] if choice else "", "finding": pair.finding},
        )


def _choice(pair: Pair) -> tuple[str, str] | None:
    """Which choice is in question, and which way it is answered; ``None`` where the data support no advice."""
    if pair.recommendation is None or pair.parting is None:
        return None
    actions = sorted((pair.parting.first.action, pair.parting.second.action))
    return f"{' or '.join(actions)} after {' '.join(pair.parting.prefix)}", pair.parting.first.action


def _claim(pair: Pair) -> str:
    did = "achieve their task" if pair.measure == "success" else "complete"
    first, second = (plain(side.agent_id, 60) for side in (pair.first, pair.second))
    effect = points(pair.difference) if pair.difference else ""
    return (
        f"On the same {number(pair.tasks, 'task')} {percent(pair.second.outcome.rate)} of the runs of {second} {did}, "
        f"of {first} {percent(pair.first.outcome.rate)} ({effect}). {pair.recommendation or pair.finding}"
    )


def _evidence(pair: Pair) -> tuple[str, ...]:
    if pair.parting is None:
        return ()
    return (*pair.parting.second.evidence[:_EVIDENCE], *pair.parting.first.evidence[:_EVIDENCE])
