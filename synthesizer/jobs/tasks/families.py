"""Agents that do the same work."""

from __future__ import annotations

from collections.abc import Iterable

from soma.identity import digest

from .model import Family, Task


def families_of(tasks: Iterable[Task]) -> tuple[Family, ...]:
    """Connected components of agents over the tasks they share; an agent that shares none makes no family."""
    shared = [task for task in tasks if len(task.agents) > 1]
    families: list[tuple[set[str], list[Task]]] = []
    for task in shared:
        agents, own = set(task.agents), [task]
        apart = []
        for family in families:
            if family[0].isdisjoint(agents):
                apart.append(family)
            else:
                agents |= family[0]
                own += family[1]
        families = [*apart, (agents, own)]
    found = [
        Family(
            family_id="fam-" + digest("\x1f".join(sorted(agents)), size=6),
            agents=tuple(sorted(agents)),
            tasks=len(own),
            executions=sum(task.executions for task in own),
        )
        for agents, own in families
    ]
    return tuple(sorted(found, key=lambda family: (-family.executions, family.agents)))
