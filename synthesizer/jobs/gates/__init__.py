"""Arms of executions held against each other: does the treatment do better, worse, alike, or is it too early to say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from soma.config import TaskRule
from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.tasks.model import Attempt
from soma.synthesizer.jobs.tasks.rules import ruling
from soma.synthesizer.jobs.variants.compute import asked as tasks_asked
from soma.synthesizer.wording import plain

from .arms import require_arm, require_label
from .compute import Question, asked, by_arm, gates_of
from .model import Comparison, Gates, Run

FailOn = Literal["refuted", "collecting"]


def run(
    vault: Queryable,
    by: str,
    *,
    treatment: str | None = None,
    control: str | None = None,
    agent: str | None = None,
    task: str | None = None,
    across_tasks: bool = False,
    delta: float = 0.1,
    level: float = 0.95,
    rules: Sequence[TaskRule] | None = None,
) -> Gates:
    """The arms that a label makes, each treatment beside the control.

    Args:
        vault: The snapshot to answer from.
        by: A label, or one of ``soma.synthesizer.jobs.gates.arms.COLUMNS``; ``label:NAME`` for a label named like one.
        treatment: The only arm to hold against the control; by default all others are.
        control: The arm the others are held against; by default the most frequent one.
        agent: Only executions of this agent.
        task: Only tasks of this key, label or id, else those whose label contains it.
        across_tasks: Compare executions over all tasks, not only within the same: for arms that were dealt by chance
            where hardly a task repeats. Executions whose task is not known count as well.
        delta: Differences below it do not matter, 0 to 1.
        level: Of all intervals; ``1 - level`` bounds the share of false discoveries among the verdicts.
        rules: Rules about tasks, as for ``soma.synthesizer.jobs.tasks.run``.

    Raises:
        NothingFound: if no execution tells the label, or no execution is of an arm or task named.
    """
    given = vault.task_rules if rules is None else rules
    known = tasks.run(vault, rules=given)
    meant = frozenset(tasks_asked(known, task)) if task is not None else frozenset[str]()
    if task is not None and not meant:
        raise NothingFound(f"no task is called {plain(task, 60)!r}", hint="soma tasks lists them")
    rows = answer(vault, Run, __name__, "query")
    question = Question(
        by=by, treatment=treatment, control=control, agent=agent, task=task, tasks=meant, across_tasks=across_tasks,
        excluded=_excluded(vault, rows, given) if known.excluded else frozenset(), delta=delta, level=level,
    )  # fmt: skip
    require_label(by, rows)
    own = by_arm(asked(rows, known, question), by)
    for name in (treatment, control):
        if name is not None:
            require_arm(name, by, own)
    return gates_of(rows, known, question)


def failing(result: Gates, fail_on: Collection[FailOn]) -> tuple[Comparison, ...]:
    """The comparisons that do not pass: those ``refuted``; with ``collecting`` also those that are not decided yet."""
    if not fail_on:
        return ()
    failed = {"refuted", *fail_on}
    return tuple(one for one in result.comparisons if one.verdict in failed)


def _excluded(vault: Queryable, rows: Sequence[Run], rules: Sequence[TaskRule]) -> frozenset[str]:
    labels = {row.execution_id: dict(row.labels or ()) for row in rows}
    return ruling(answer(vault, Attempt, tasks.__name__, "query"), rules, labels).excluded
