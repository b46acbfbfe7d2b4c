"""Since when does an agent behave differently: in its outcomes, its actions, its durations and costs."""

from __future__ import annotations

from itertools import groupby

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import Keeping, kept, once_of

from .compute import Question, drift_of
from .model import Drift, Run


def run(
    vault: Queryable,
    agent: str | None = None,
    *,
    alpha: float = 0.05,
    delta: float = 0.10,
    factor: float = 1.25,
    level: float = 0.95,
    across_tasks: bool = False,
) -> Drift:
    """Watches every agent, or ``agent``, over its executions in the order of time.

    Args:
        vault: The snapshot to answer from.
        agent: Only this one.
        alpha: Chance of a false alarm, however many nights one looks.
        delta: A difference of a share below this does not matter.
        factor: Durations and costs within this factor count as alike.
        level: Of the intervals.
        across_tasks: Compare runs over all tasks instead of within tasks.
    """
    question = Question(alpha=alpha, delta=delta, factor=factor, level=level, across_tasks=across_tasks)
    return kept(
        vault,
        "drift",
        {"agent": agent, **msgspec.to_builtins(question)},
        Drift,
        lambda: drift_of(_runs(vault, agent), tasks.run(vault), question, once_of(vault)),
    )


def _runs(vault: Queryable, agent: str | None) -> list[Run]:
    """Read at once where every agent will be asked about."""
    if not isinstance(vault, Keeping):
        return answer(vault, Run, __name__, "query", (agent, agent))
    runs = vault.once(("drift", "runs"), lambda: answer(vault, Run, __name__, "query", (None, None)))
    if agent is None:
        return runs
    by_agent = vault.once(("drift", "runs by agent"), lambda: _by_agent(runs))
    return by_agent.get(agent, [])


def _by_agent(runs: list[Run]) -> dict[str, list[Run]]:
    return {agent: list(group) for agent, group in groupby(runs, key=lambda run: run.agent_id)}
