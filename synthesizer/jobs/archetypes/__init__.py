"""Kinds of executions: which paths are alike, who takes them, and how they end."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import kept, once_of
from soma.synthesizer.walks import walks_of

from .cluster import COMPARED, CUT
from .compute import Grouped, grouped_of
from .model import Archetypes

__all__ = ["grouped", "run"]

_LEVEL = 0.95


def run(vault: Queryable, agent: str | None = None, *, least: int = 2, level: float = _LEVEL) -> Archetypes:
    """The archetypes of all executions with a path, the most frequent first.

    Args:
        vault: The snapshot to answer from.
        agent: Only those this agent has executions of; they are made over all agents all the same.
        least: Executions from which on one is listed.
        level: Of the intervals.
    """
    asked = {"agent": agent, "least": least, "level": level}
    return kept(vault, "archetypes", asked, Archetypes, lambda: _archetypes(vault, agent, least, level))


def _archetypes(vault: Queryable, agent: str | None, least: int, level: float) -> Archetypes:
    found, alone = _grouped(vault, level)
    walks = walks_of(vault)
    asked = [archetype for archetype, _ in found if agent is None or agent in archetype.agents]
    paths = len(set(walks.taken[walks.recorded].tolist()))
    return Archetypes(
        archetypes=tuple(archetype for archetype in asked if archetype.executions >= least),
        executions=int(walks.recorded.sum()),
        paths=paths,
        compared=min(paths, COMPARED),
        rare=sum(archetype.executions for archetype in asked if archetype.executions < least),
        not_placed=len(alone),
        least=least,
        cut=CUT,
        level=level,
    )


def grouped(vault: Queryable) -> Grouped:
    """Every archetype with the ids of its executions, the most frequent first."""
    return _grouped(vault, _LEVEL)[0]


def _grouped(vault: Queryable, level: float) -> tuple[Grouped, list[str]]:
    return once_of(vault)(
        ("archetypes", level), lambda: grouped_of(walks_of(vault), tasks.run(vault).assignments, level=level)
    )
