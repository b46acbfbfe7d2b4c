"""Which tasks are held out together: dealt in the order of a digest of their keys, framework by framework. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from soma.identity import digest

from .model import Row

FOLDS, INNER = 5, 3


def folds(rows: Sequence[Row], many: int, salt: str) -> list[int]:
    """The fold of each row, 0 to ``many - 1``: all rows of a task are in one, and no outcome is looked at."""
    tasks: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        tasks[row.framework].add(row.task)
    fold: dict[str, int] = {}
    dealt = 0
    for framework in sorted(tasks):
        for task in sorted(tasks[framework], key=lambda key: (digest(f"{salt}\x1f{key}"), key)):
            if task not in fold:
                fold[task] = dealt % many
                dealt += 1
    return [fold[row.task] for row in rows]
