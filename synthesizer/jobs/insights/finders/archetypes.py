"""Kinds of runs that end clearly better or worse than the other runs of the same tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from soma.synthesizer.jobs import archetypes
from soma.synthesizer.jobs.archetypes.model import Archetype
from soma.synthesizer.jobs.insights.confidence import of_difference
from soma.synthesizer.jobs.insights.discovery import discovered
from soma.synthesizer.jobs.insights.ground import LEAST, Effect, Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.jobs.insights.phrases import LONG, beside, named
from soma.synthesizer.wording import number, plain

_EVIDENCE = 20


def find(ground: Ground) -> list[Finding]:
    """One finding per archetype whose runs end otherwise than the other runs of the same tasks, beyond chance."""
    grouped = archetypes.grouped(ground.vault)
    compared: list[tuple[Archetype, tuple[str, ...], Effect]] = []
    for archetype, members in grouped:
        if len(members) < LEAST:
            continue
        effect = ground.effect_by_task(members)
        if effect is not None:
            compared.append((archetype, members, effect))
    clear = discovered(compared, [effect.difference.p_value for _, _, effect in compared])
    return list(_told(ground, [item for item, _ in clear]))


def _told(ground: Ground, found: Sequence[tuple[Archetype, tuple[str, ...], Effect]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for archetype, members, effect in found:
        difference = effect.difference
        confidence = of_difference(difference, effect.marked.total)
        # Two archetypes with one label would be one finding: the larger one, which comes first, speaks for both.
        if not confidence or archetype.label in seen:
            continue
        seen.add(archetype.label)
        worse = difference.estimate < 0
        good = {execution: ground.runs[execution].success for execution in members if execution in ground.runs}
        order = sorted(good, key=lambda execution: (good[execution] is not (not worse), execution))
        yield Finding(
            type="archetype",
            subject=archetype.label,
            claim=_claim(archetype, effect, worse),
            confidence=confidence,
            estimate=difference.estimate,
            low=difference.interval.low,
            high=difference.interval.high,
            support=effect.marked.total,
            agents=tuple(sorted(archetype.agents)),
            tasks=ground.tasks_of(members),
            evidence=tuple(order[:_EVIDENCE]),
            at_stake=difference.estimate,
            details={"archetype": archetype.archetype_id},
        )


def _claim(archetype: Archetype, effect: Effect, worse: bool) -> str:
    agents = sorted(archetype.agents, key=lambda agent: (-archetype.agents[agent], agent))
    words = beside(effect, "other runs of the same tasks")
    runs = f"{number(archetype.executions, 'run')}, mostly of {named(agents)}"
    return (
        f"Runs like “{plain(archetype.label, LONG)}” ({runs}) end "
        f"{'worse' if worse else 'better'} than others: {words}."
    )
