"""Which action directly follows which: the process map of an agent, a task, or the whole vault."""

from __future__ import annotations

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.wording import plain

from .compute import folded, map_of, picked
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
        keys = {one.key for one in known.tasks if task in (one.key, one.label) or task.casefold() in one.label.casefold()}
        if not keys:
            raise NothingFound(f"no task is called {plain(task, 60)!r}", hint="soma tasks lists them")
        runs = [one for one in runs if known.assignments.get(one.execution_id) in keys]
    chosen = picked(runs, known.assignments)
    ids = [one.execution_id for one in runs]
    parameters = (ids, list(range(len(ids))), list(chosen.strata), list(chosen.good))
    return map_of(
        chosen,
        answer(vault, Transition, __name__, "edges", parameters),
        answer(vault, Taken, __name__, "takers", parameters),
        answer(vault, Node, __name__, "nodes", parameters[:2]),
        agent=agent,
        task=task,
        level=level,
    )
