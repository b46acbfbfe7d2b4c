"""Which executions attempted the same task, so that agents can be compared on equal work."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer

from .compute import tasks_of
from .model import Attempt, Tasks


def run(vault: Queryable) -> Tasks:
    """The tasks of all top-level executions in the vault."""
    return tasks_of(answer(vault, Attempt, __name__, "query"))
