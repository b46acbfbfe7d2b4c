"""Two agents on the tasks they share: how each does, and the difference task by task."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Difference, Stratum, compare, proportion

from .model import Measure, Run, Side

ByTask = Mapping[str, Sequence[Run]]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two agents' executions on shared tasks with the difference between them; ``first`` does better."""

    first: Side
    second: Side
    first_runs: dict[str, list[Run]]
    second_runs: dict[str, list[Run]]
    measure: Measure
    difference: Difference | None

    @property
    def names(self) -> tuple[str, str]:
        """Both agents, in the order of the alphabet."""
        one, other = sorted((self.first.agent_id, self.second.agent_id))
        return one, other


def compared(one: ByTask, other: ByTask, level: float) -> Comparison:
    """Both agents on the tasks both attempted, the better one first (ties: in the order of names)."""
    shared = sorted(one.keys() & other.keys())
    first, second = sorted(
        ({task: list(runs[task]) for task in shared} for runs in (one, other)),
        key=lambda runs: next((run.agent_id for members in runs.values() for run in members), ""),
    )
    measure = measure_of(first, second)
    difference = compare(strata(first, second, measure), level)
    if difference and difference.estimate > 0:
        first, second = second, first
        difference = compare(strata(first, second, measure), level)
    return Comparison(
        first=_side(first, second, measure, level),
        second=_side(second, first, measure, level),
        first_runs=first,
        second_runs=second,
        measure=measure,
        difference=difference,
    )


def measure_of(first: ByTask, second: ByTask) -> Measure:
    """``success`` where it is known of executions of both sides on some task, else ``status``."""
    for task in first:
        if all(any(run.success is not None for run in side.get(task, ())) for side in (first, second)):
            return "success"
    return "status"


def strata(first: ByTask, second: ByTask, measure: Measure) -> list[Stratum]:
    """The counts of both sides on every task, in the order of task keys."""
    return [
        Stratum(*_tally(first.get(task, ()), measure), *_tally(second.get(task, ()), measure))
        for task in sorted(first.keys() | second.keys())
    ]


def _tally(runs: Iterable[Run], measure: Measure) -> tuple[int, int]:
    known = [outcome for run in runs if (outcome := did_well(run, measure)) is not None]
    return sum(known), len(known)


def by_task(runs: Iterable[Run], assignments: Mapping[str, str]) -> dict[str, list[Run]]:
    """``runs`` that have a task, under its key."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if (task := assignments.get(run.execution_id)) is not None:
            grouped[task].append(run)
    return dict(grouped)


def _side(own: ByTask, other: ByTask, measure: Measure, level: float) -> Side:
    """The agent of ``own``; its rate is over tasks on which the other's outcome is known as well."""
    runs = [run for members in own.values() for run in members]
    counted = [members for task, members in own.items() if _tally(other.get(task, ()), measure)[1]]
    successes, total = _tally((run for members in counted for run in members), measure)
    starts = [run.started_at for run in runs if run.started_at is not None]
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    models = Counter(run.model for run in runs if run.model)
    return Side(
        agent_id=runs[0].agent_id,
        executions=len(runs),
        outcome=proportion(successes, total, level),
        left_out=len(runs) - _tally(runs, measure)[1],
        models=dict(sorted(models.items(), key=lambda item: (-item[1], item[0]))),
        first_seen=min(starts, default=None),
        last_seen=max(ends, default=None),
    )
