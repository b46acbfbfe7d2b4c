"""Two agents on the tasks they share: how each does, and the difference task by task."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Difference, Stratum, compare, proportion

from .model import Measure, Run, Side


class Attempts(msgspec.Struct, frozen=True):
    """The executions of one agent on one task, counted once however many agents it is compared with.

    Attributes:
        runs: In the order of ids.
        outcomes: By measure, per execution whether it did well; ``None`` where that is not known.
        tallies: By measure, how many did well, and of how many that is known.
        first_seen, last_seen: ``None`` where no execution has a time.
    """

    runs: list[Run]
    outcomes: dict[Measure, list[bool | None]]
    tallies: dict[Measure, tuple[int, int]]
    models: Counter[str]
    frameworks: set[str]
    first_seen: int | None
    last_seen: int | None


ByTask = Mapping[str, Attempts]
_MEASURES: tuple[Measure, ...] = ("success", "status")
_NOTHING = (0, 0)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two agents' executions on shared tasks with the difference between them; ``first`` does better."""

    first: Side
    second: Side
    first_runs: dict[str, Attempts]
    second_runs: dict[str, Attempts]
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
        ({task: attempts[task] for task in shared} for attempts in (one, other)),
        key=lambda attempts: next((run.agent_id for members in attempts.values() for run in members.runs), ""),
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
        if all(_tally(side, task, "success")[1] for side in (first, second)):
            return "success"
    return "status"


def strata(first: ByTask, second: ByTask, measure: Measure) -> list[Stratum]:
    """The counts of both sides on every task, in the order of task keys."""
    return [
        Stratum(*_tally(first, task, measure), *_tally(second, task, measure))
        for task in sorted(first.keys() | second.keys())
    ]


def _tally(attempts: ByTask, task: str, measure: Measure) -> tuple[int, int]:
    return attempts[task].tallies[measure] if task in attempts else _NOTHING


def tallied(outcomes: Iterable[bool | None]) -> tuple[int, int]:
    """How many did well, and of how many that is known."""
    known = [outcome for outcome in outcomes if outcome is not None]
    return sum(known), len(known)


def by_task(runs: Iterable[Run], assignments: Mapping[str, str]) -> dict[str, Attempts]:
    """``runs`` that have a task, under its key."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if (task := assignments.get(run.execution_id)) is not None:
            grouped[task].append(run)
    return {task: _attempts(members) for task, members in grouped.items()}


def _attempts(runs: list[Run]) -> Attempts:
    outcomes: dict[Measure, list[bool | None]] = {
        measure: [did_well(run, measure) for run in runs] for measure in _MEASURES
    }
    return Attempts(
        runs=runs,
        outcomes=outcomes,
        tallies={measure: tallied(known) for measure, known in outcomes.items()},
        models=Counter(run.model for run in runs if run.model),
        frameworks={run.framework for run in runs},
        first_seen=min((run.started_at for run in runs if run.started_at is not None), default=None),
        last_seen=max((run.ended_at for run in runs if run.ended_at is not None), default=None),
    )


def _side(own: ByTask, other: ByTask, measure: Measure, level: float) -> Side:
    """The agent of ``own``; its rate is over tasks on which the other's outcome is known as well."""
    every = list(own.values())
    counted = [members.tallies[measure] for task, members in own.items() if _tally(other, task, measure)[1]]
    executions = sum(len(members.runs) for members in every)
    models: Counter[str] = Counter()
    for members in every:
        models.update(members.models)
    return Side(
        agent_id=every[0].runs[0].agent_id,
        executions=executions,
        outcome=proportion(sum(good for good, _ in counted), sum(known for _, known in counted), level),
        left_out=executions - sum(members.tallies[measure][1] for members in every),
        models=dict(sorted(models.items(), key=lambda item: (-item[1], item[0]))),
        first_seen=min((at for members in every if (at := members.first_seen) is not None), default=None),
        last_seen=max((at for members in every if (at := members.last_seen) is not None), default=None),
    )
