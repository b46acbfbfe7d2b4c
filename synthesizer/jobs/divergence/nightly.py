"""Whether a difference also holds for someone who looks every night, and so has many chances to be fooled."""

from __future__ import annotations

from collections import defaultdict

from soma.synthesizer.stats import Stratum, e_process_over_tasks

from .model import Measure, Run
from .outcomes import ByTask

_DAY = 24 * 3600 * 1_000_000


def evidence(first: ByTask, second: ByTask, measure: Measure) -> float:
    """The e-process over tasks after the last night: 20 or more is wrong in at most 5 % of all nights ever looked at.

    A task's executions wait until both agents have attempted it since it was last counted, which depends on no outcome:
    what only one of them did says nothing about the other. Executions without a time are counted in the last night.
    """
    path = e_process_over_tasks(looks_of(first, second, measure))
    return path[-1] if path else 1.0


def looks_of(first: ByTask, second: ByTask, measure: Measure) -> list[list[Stratum]]:
    """Per night (UTC) the tasks that are counted, in the order of nights and tasks."""
    nights: dict[int, list[tuple[str, int, bool]]] = defaultdict(list)
    every = [run for side in (first, second) for attempts in side.values() for run in attempts.runs]
    latest = max((_night(run) or 0 for run in every), default=0)
    for number, side in enumerate((first, second)):
        for task, attempts in side.items():
            for run, outcome in zip(attempts.runs, attempts.outcomes[measure], strict=True):
                if outcome is not None:
                    nights[_night(run) or latest].append((task, number, outcome))
    waiting: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    looks = []
    for night in sorted(nights):
        for task, number, outcome in nights[night]:
            waiting[task][2 * number] += outcome
            waiting[task][2 * number + 1] += 1
        ready = sorted(task for task, counted in waiting.items() if counted[1] and counted[3])
        looks.append([Stratum(*waiting.pop(task)) for task in ready])
    return looks


def _night(run: Run) -> int | None:
    at = run.ended_at if run.ended_at is not None else run.started_at
    return None if at is None else at // _DAY
