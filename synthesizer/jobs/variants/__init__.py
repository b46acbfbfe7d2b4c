"""The few paths that most executions of an agent or a task take, how they end, and which beginning leads to failure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.config import TaskRule
from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.kept import kept
from soma.synthesizer.wording import plain

from .compute import Question, asked, variants_of
from .model import Run, Variants


def run(
    vault: Queryable,
    agent: str | None = None,
    task: str | None = None,
    *,
    min_coverage: float = 0.8,
    least: int = 5,
    level: float = 0.95,
    most: int = 200,
    rules: Sequence[TaskRule] | None = None,
) -> Variants:
    """The variants over all, per agent, per task, and per agent and task.

    Args:
        vault: The snapshot to answer from.
        agent: Only this agent.
        task: Only tasks of this key, label or id, else those whose label contains it; groups of any size are listed.
        min_coverage: The share of executions whose variants are counted: "3 variants explain 80 % of the runs".
        least: Executions from which on one agent on one task is a group of its own, when no task is named.
        level: Of all intervals.
        most: Variants of a group to look into, the most frequent; all are counted.
        rules: Rules about tasks, as for ``soma.synthesizer.jobs.tasks.run``.

    Raises:
        NothingFound: if no task is meant by ``task``.
    """
    known = tasks.run(vault, rules=rules)
    if task is not None and not asked(known, task):
        raise NothingFound(f"no task is called {plain(task, 60)!r}", hint="soma tasks lists them")
    question = Question(agent=agent, task=task, min_coverage=min_coverage, least=least, level=level, most=most)

    def look() -> Variants:
        return variants_of(answer(vault, Run, __name__, "query"), known, question)

    return look() if rules is not None else kept(vault, "variants", msgspec.to_builtins(question), Variants, look)
