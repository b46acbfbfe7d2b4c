"""Since when does an agent behave differently: in its outcomes, its actions, its durations and costs."""

from __future__ import annotations

import msgspec

from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import Keeping, kept, once_of
from soma.synthesizer.queries import query

from .compute import Question, drift_of
from .model import Drift
from .runs import Read, read


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
        lambda: drift_of(_runs(vault, agent), tasks.run(vault), question, once_of(vault), agent),
    )


def _runs(vault: Queryable, agent: str | None) -> Read:
    """Read at once where every agent will be asked about."""
    text = query(__name__, "query")
    if not isinstance(vault, Keeping):
        return read(vault.sql(text, (agent, agent)))
    return vault.once(("drift", "runs"), lambda: read(vault.sql(text, (None, None))))
