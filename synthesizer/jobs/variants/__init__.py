"""The few paths that most executions of an agent or a task take, how they end, and which beginning leads to failure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.config import TaskRule
from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.kept import kept, once_of
from soma.synthesizer.walks import walks_of
from soma.synthesizer.wording import plain

from .compute import Bounds, Question, asked, shown_of, variants_of
from .model import Shown, Variants

_KEPT = 20


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
    known = _known(vault, task, rules)
    question = Question(agent=agent, task=task, min_coverage=min_coverage, least=least, level=level, most=most)
    return variants_of(walks_of(vault), known, question)


def shown(
    vault: Queryable,
    agent: str | None = None,
    task: str | None = None,
    *,
    min_coverage: float = 0.8,
    limit: int = 8,
) -> Shown:
    """The first groups and variants of ``run``, at least ``limit`` of them: as much as a page shows.

    The nightly run keeps these, not what ``run`` answers: of a large vault that is hundreds of megabytes.

    Raises:
        NothingFound: if no task is meant by ``task``.
    """
    if task is not None:
        _known(vault, task)
    question = Question(agent=agent, task=task, min_coverage=min_coverage)
    many = max(limit, _KEPT)
    return kept(
        vault,
        "variants",
        {**msgspec.to_builtins(question), "shown": many},
        Shown,
        lambda: shown_of(walks_of(vault), _known(vault, task), question, Bounds(many, many), once_of(vault)),
    )


def _known(vault: Queryable, task: str | None, rules: Sequence[TaskRule] | None = None) -> Tasks:
    """Every task; ``task`` must mean one of them."""
    known = tasks.run(vault, rules=rules)
    if task is not None and not asked(known, task):
        raise NothingFound(f"no task is called {plain(task, 60)!r}", hint="soma tasks lists them")
    return known
