"""Executions with a mark beside those without it, on the same tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from soma.synthesizer.jobs.insights.ground import Effect, Ground, Run
from soma.synthesizer.measure import did_well

from .model import Measure

FEW = 20
"""Executions below which an answer is not to be relied on."""


def on_the_same_tasks(ground: Ground, marked: Collection[str], runs: Sequence[Run]) -> tuple[Effect | None, bool]:
    """How marked executions end beside the others, and whether only those of one agent were compared with each other.

    Where few of the same agent and task can be compared, those of the same task by any agent are.
    """
    own = ground.effect(marked, runs)
    if own is not None and min(own.marked.total, own.others.total) >= FEW:
        return own, True
    anyone = ground.effect(marked, runs, stratum=lambda run: ground.task_of(run.execution_id))
    return (anyone, False) if anyone is not None else (own, own is not None)


def measure_of(runs: Sequence[Run]) -> Measure:
    """By success where that is known of as many executions as how they ended."""
    known = [sum(did_well(run, measure) is not None for run in runs) for measure in ("success", "status")]
    return "success" if known[0] and known[0] >= known[1] else "status"
