"""The step at which two agents' paths part, and how the executions ended that went either way."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from soma.synthesizer.stats import Proportion, Stratum, compare, fisher, proportion

from .model import END, Chosen, Measure, Option, Parting, Run, Stretch
from .outcomes import ByTask, good, strata

Paths = Mapping[str, Sequence[Stretch]]
_LONGEST_PREFIX = 39
_EVIDENCE = 20
_OPTIONS = 6


class Fork(msgspec.Struct, frozen=True):
    """A step at which the modal choices differ: the executions that reached it, and what either side chose."""

    prefix: tuple[str, ...]
    first_runs: list[Run]
    second_runs: list[Run]
    first_action: str
    second_action: str
    chance: float


def parting_of(first: ByTask, second: ByTask, paths: Paths, measure: Measure, level: float) -> Parting | None:
    """Where the paths of two agents part on the tasks of ``first`` and ``second``; ``None`` when they do not.

    The first step at which the modal choices differ beyond chance; when there is none, the first at which they differ.
    An execution without a decision chose to end at once, unless its agent's source records no decisions at all.
    """
    runs = [[run for task in sorted(side) for run in side[task]] for side in (first, second)]
    if not all(any(run.execution_id in paths for run in side) for side in runs):
        return None
    fork = _fork(runs[0], runs[1], paths, 1 - level)
    if fork is None:
        return None
    place = len(fork.prefix)
    task_of = {run.execution_id: task for side in (first, second) for task in side for run in side[task]}
    either = [*fork.first_runs, *fork.second_runs]
    chose_first = [run for run in either if action_at(paths, run, place) == fork.first_action]
    chose_second = [run for run in either if action_at(paths, run, place) == fork.second_action]
    effect = compare(strata(_tasks(chose_first, task_of), _tasks(chose_second, task_of), measure), level)
    return Parting(
        step=place + 1,
        prefix=fork.prefix,
        first=_chosen(fork.first_runs, fork.first_action, place, paths, measure, level),
        second=_chosen(fork.second_runs, fork.second_action, place, paths, measure, level),
        chance=fork.chance,
        clear=fork.chance <= 1 - level,
        first_choice=_outcome(chose_first, measure, level),
        second_choice=_outcome(chose_second, measure, level),
        effect=effect,
        matters=effect is not None and effect.interval.excludes(0),
        options=_options(fork, place, paths),
    )


def action_at(paths: Paths, run: Run, place: int) -> str:
    """What the execution chose at this place of its path, counted from 0."""
    path = paths.get(run.execution_id, ())
    return path[place].action if place < len(path) else END


def _fork(first: list[Run], second: list[Run], paths: Paths, alpha: float) -> Fork | None:
    prefix: tuple[str, ...] = ()
    unclear: Fork | None = None
    while first and second and len(prefix) < _LONGEST_PREFIX:
        place = len(prefix)
        first_counts = Counter(action_at(paths, run, place) for run in first)
        second_counts = Counter(action_at(paths, run, place) for run in second)
        first_action, second_action = _modal(first_counts, second_counts), _modal(second_counts, first_counts)
        if first_action != second_action:
            table = Stratum(
                first_counts[first_action],
                first_counts[first_action] + first_counts[second_action],
                second_counts[first_action],
                second_counts[first_action] + second_counts[second_action],
            )
            fork = Fork(prefix, first, second, first_action, second_action, fisher(table))
            if fork.chance <= alpha:
                return fork
            unclear = unclear or fork
        onward = _modal(first_counts + second_counts, Counter())
        if onward == END:
            break
        prefix = (*prefix, onward)
        first = [run for run in first if action_at(paths, run, place) == onward]
        second = [run for run in second if action_at(paths, run, place) == onward]
    return unclear


def _modal(counts: Counter[str], other: Counter[str]) -> str:
    """The most frequent action; of several, the one the other side takes most, then the first in the alphabet."""
    return min(counts, key=lambda action: (-counts[action], -other[action], action))


def _tasks(runs: Sequence[Run], task_of: Mapping[str, str]) -> dict[str, list[Run]]:
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(task_of[run.execution_id], []).append(run)
    return grouped


def _outcome(runs: Sequence[Run], measure: Measure, level: float) -> Proportion:
    known = [outcome for run in runs if (outcome := good(run, measure)) is not None]
    return proportion(sum(known), len(known), level)


def _chosen(reached: Sequence[Run], action: str, place: int, paths: Paths, measure: Measure, level: float) -> Chosen:
    made = sorted(
        (run for run in reached if action_at(paths, run, place) == action),
        key=lambda run: run.execution_id,
    )
    taken = [paths[run.execution_id][place] for run in made] if action != END else []
    durations = [stretch.duration_ms for stretch in taken if stretch.duration_ms is not None]
    after = Counter(action_at(paths, run, place + 1) for run in made) if taken else Counter()
    then = _modal(after, Counter()) if after else None
    # An execution that chose to end has no decision here: the one before shows that nothing followed.
    shown = taken or [paths[run.execution_id][place - 1] for run in made if place]
    return Chosen(
        agent_id=reached[0].agent_id,
        action=action,
        reached=len(reached),
        executions=len(made),
        outcome=_outcome(made, measure, level),
        failed=sum(stretch.failed > 0 for stretch in taken),
        timed_out=sum(stretch.timeouts > 0 for stretch in taken),
        median_duration_ms=statistics.median(durations) if durations else None,
        then=then,
        then_executions=after[then] if then is not None else 0,
        evidence=tuple(stretch.decision_id for stretch in shown[:_EVIDENCE]),
        evidence_total=len(shown),
    )


def _options(fork: Fork, place: int, paths: Paths) -> tuple[Option, ...]:
    first = Counter(action_at(paths, run, place) for run in fork.first_runs)
    second = Counter(action_at(paths, run, place) for run in fork.second_runs)
    options = [Option(action, first[action], second[action]) for action in first | second]
    modal = (fork.first_action, fork.second_action)
    options.sort(key=lambda option: (option.action not in modal, -option.first - option.second, option.action))
    return tuple(options[:_OPTIONS])
