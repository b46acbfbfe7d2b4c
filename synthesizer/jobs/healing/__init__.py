"""What helps after a failure: which kind of action was tried next, and whether it went better than the others."""

from __future__ import annotations

from soma.errors import UsageError
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks

from .compute import healing_of
from .model import By, Healing, Transition, Tried

HORIZON = 5
_HORIZONS = range(1, 101)

__all__ = ["HORIZON", "Healing", "Transition", "run"]


def run(
    vault: Queryable, *, by: By = "role", horizon: int = HORIZON, delta: float = 0.1, level: float = 0.95
) -> Healing:
    """Every next step after a failure beside all other next steps after the same kind of failure.

    Executions are the units: each counts with its first failure of a kind. They are compared within the same agent and
    task. What is counted begins after the step that was tried, as some kinds of action hardly ever fail themselves.

    Args:
        vault: The snapshot to answer from.
        by: Kinds are roles of tools (``shell``, ``read``), or tools by name.
        horizon: Actions looked at after what was tried, 1 to 100.
        delta: Differences of recovery below it do not matter, 0 to 1.
        level: Of all intervals; ``1 - level`` is the false discovery rate.

    Raises:
        UsageError: if the horizon is out of range.
    """
    if horizon not in _HORIZONS:
        raise UsageError(f"the horizon is 1 to {_HORIZONS[-1]} actions, not {horizon}")
    rows = answer(vault, Tried, __name__, "query", (by, horizon))
    return healing_of(rows, tasks.run(vault).assignments, by, horizon, delta, level)
