"""Which executions attempted the same task, so that agents can be compared on equal work."""

from __future__ import annotations

from collections.abc import Sequence

from soma.config import TaskRule
from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.kept import kept
from soma.synthesizer.queries import query
from soma.synthesizer.wording import plain

from .model import Attempt, Detail, Tasks
from .rules import Labels, need_labels

_SUGGESTED = 3


def run(vault: Queryable, *, rules: Sequence[TaskRule] | None = None) -> Tasks:
    """The tasks of all top-level executions in the vault.

    Args:
        vault: The snapshot to answer from.
        rules: Rules of the project that go before what soma finds; by default those the snapshot carries as
            ``task_rules``.

    Raises:
        ConfigError: if a rule cannot be used.
    """
    if rules is not None:
        return _found(vault, rules)
    given = vault.task_rules
    return kept(vault, "tasks", {}, Tasks, lambda: _found(vault, given))


def _found(vault: Queryable, rules: Sequence[TaskRule]) -> Tasks:
    # A kept answer needs nothing of what makes one.
    from .compute import tasks_of

    return tasks_of(_attempts(vault), rules, _labels(vault, rules))


def show(vault: Queryable, words: str, *, rules: Sequence[TaskRule] | None = None) -> Detail:
    """One task with its requests and executions.

    Args:
        vault: The snapshot to answer from.
        words: Its key, its label, one of its ids, or a part of key or label that no other task has.
        rules: As for ``run``.

    Raises:
        NothingFound: if no task, or more than one, is meant.
    """
    from .compute import detail_of

    given = vault.task_rules if rules is None else rules
    found = detail_of(_attempts(vault), words, given, _labels(vault, given))
    if isinstance(found, Detail):
        return found
    if not found:
        raise NothingFound(f"no task is called {plain(words, 60)!r}", hint="soma tasks lists them")
    keys = " or ".join(plain(task.key, 60) for task in found[:_SUGGESTED])
    more = f", or {len(found) - _SUGGESTED} more" if len(found) > _SUGGESTED else ""
    raise NothingFound(
        f"{len(found)} tasks are called like {plain(words, 60)!r}", hint=f"name one by its key: {keys}{more}"
    )


def _attempts(vault: Queryable) -> list[Attempt]:
    return answer(vault, Attempt, __name__, "query")


def _labels(vault: Queryable, rules: Sequence[TaskRule]) -> Labels:
    if not need_labels(rules):
        return {}
    table = vault.sql(query(__name__, "labels"))
    pairs = zip(table["execution_id"].to_pylist(), table["labels"].to_pylist(), strict=True)
    return {execution: dict(labels or ()) for execution, labels in pairs}
