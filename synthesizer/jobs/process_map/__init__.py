"""Which action directly follows which: the process map of an agent, a task, or the whole vault."""

from __future__ import annotations

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.wording import plain

from .compute import comparable, folded, map_of, picked
from .model import Node, ProcessMap, Run, Taken, Transition

__all__ = ["folded", "run"]


def run(vault: Queryable, agent: str | None = None, task: str | None = None, *, level: float = 0.95) -> ProcessMap:
    """The directly-follows graph of all executions, or of those of ``agent`` on ``task``.

    Edges follow the order of an execution (``step``), not who called whom (van der Aalst, *Process Mining* (2016), 5.2:
    the directly-follows relation). Runs that others delegated belong to the agent that made them; tasks, as everywhere,
    are known of top-level runs only.

    Args:
        vault: A snapshot.
        agent: Its very name; ``None`` for all.
        task: Key, label or part of a label, as ``soma tasks`` shows them.
        level: Of all intervals.

    Raises:
        NothingFound: if no task is called so.
    """
    known = tasks.run(vault)
    runs = answer(vault, Run, __name__, "runs", (agent, agent))
    if task is not None:
        keys = {
            one.key for one in known.tasks if task in (one.key, one.label) or task.casefold() in one.label.casefold()
        }
        if not keys:
            raise NothingFound(f"no task is called {plain(task, 60)!r}", hint="soma tasks lists them")
        runs = [one for one in runs if known.assignments.get(one.execution_id) in keys]
    chosen = picked(runs, known.assignments)
    ids = [one.execution_id for one in runs]
    numbers = list(range(len(ids)))
    transitions = answer(vault, Transition, __name__, "edges", (ids, numbers, list(chosen.good)))
    asked = comparable(transitions)
    edges = (list(range(len(asked))), [source for source, _ in asked], [target for _, target in asked])
    taken = (ids, numbers, list(chosen.strata), list(chosen.good), *edges)
    return map_of(
        chosen,
        transitions,
        asked,
        answer(vault, Taken, __name__, "strata", taken) if asked else (),
        answer(vault, Node, __name__, "nodes", (ids, numbers)),
        agent=agent,
        task=task,
        level=level,
    )
