"""The step at which two agents part, among all places of their common path, and how runs ended that went either way.

Rule: of the places where the choices of the two agents differ beyond chance, the first one that carries at least
seven tenths of what the most telling one carries of the difference in outcomes. Where no outcome is known, the first.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from soma.synthesizer.measure import did_well
from soma.synthesizer.stats import Difference, Proportion, Stratum, benjamini_hochberg, compare, fisher, proportion

from .align import LONGEST, Slot, aligned
from .credit import Observed, credit
from .model import END, Chosen, Measure, Option, Parting, Path, Run
from .outcomes import ByTask, strata
from .tree import SHRINKAGE, tree_of

Paths = Mapping[str, Path]
_EVIDENCE = 20
_OPTIONS = 6
_BRANCHES = 40
_TELLING = 0.7
_LEAST_MARGIN = 0.1
_LEAST_PART = 0.002


class Fork(msgspec.Struct, frozen=True):
    """A place of the common path: the executions that reached it, and what each chose there."""

    place: int
    reached: tuple[list[Run], list[Run]]
    choice: dict[str, str]
    actions: tuple[str, str]
    chance: float

    def made(self, action: str) -> list[Run]:
        """The executions of both sides that chose ``action``."""
        return [run for side in self.reached for run in side if self.choice[run.execution_id] == action]


class Beside(msgspec.Struct, frozen=True):
    """Two agents' executions with their paths laid beside one another."""

    sides: tuple[list[Run], list[Run]]
    task_of: dict[str, str]
    backbone: tuple[str, ...]
    slots: dict[str, dict[int, Slot]]


def parting_of(first: ByTask, second: ByTask, paths: Paths, measure: Measure, level: float) -> Parting | None:
    """Where the paths of two agents part on the tasks of ``first`` and ``second``; ``None`` when they do not.

    An execution without a decision chose to end at once, unless its agent's source records no decisions at all.
    """
    beside = _beside(first, second, paths)
    if not all(any(run.execution_id in paths for run in side) for side in beside.sides):
        return None
    parts = credit(_observed(beside, measure))
    forks = [fork for place in range(len(beside.backbone) + 1) if (fork := _fork(beside, place))]
    chances = benjamini_hochberg([fork.chance for fork in forks])
    clear = [fork for fork, chance in zip(forks, chances, strict=True) if chance <= 1 - level]
    fork = _first_telling(clear, parts) or next((fork for fork in forks if _mostly_differ(fork)), None)
    if fork is None:
        return None
    chance = chances[forks.index(fork)]
    tree = tree_of(
        *([(_actions(paths, run), did_well(run, measure)) for run in side] for side in beside.sides),
        depth=fork.place + 2, limit=_BRANCHES,
    )  # fmt: skip
    one, other = fork.actions
    effect = _effect(fork, beside.task_of.__getitem__, measure, level)
    return Parting(
        step=fork.place + 1,
        prefix=beside.backbone[: fork.place],
        first=_chosen(fork, 0, beside, paths, measure, level),
        second=_chosen(fork, 1, beside, paths, measure, level),
        chance=chance,
        clear=fork in clear,
        first_choice=_outcome(fork.made(one), measure, level),
        second_choice=_outcome(fork.made(other), measure, level),
        effect=effect,
        matters=effect is not None and effect.interval.excludes(0),
        within=_effect(fork, lambda run: f"{beside.task_of[run]}\x1f{_agent(fork, run)}", measure, level),
        options=_options(fork, measure, level),
        tree=tree,
    )


def _beside(first: ByTask, second: ByTask, paths: Paths) -> Beside:
    one, other = ([run for task in sorted(side) for run in side[task]] for side in (first, second))
    counted = [Counter(_actions(paths, run) for run in side) for side in (one, other)]
    laid = aligned(*counted)
    return Beside(
        sides=(one, other),
        task_of={run.execution_id: task for side in (first, second) for task in side for run in side[task]},
        backbone=laid.backbone,
        slots={run.execution_id: laid.slots[_actions(paths, run)] for side in (one, other) for run in side},
    )


def _actions(paths: Paths, run: Run) -> tuple[str, ...]:
    path = paths.get(run.execution_id)
    return tuple(path.actions[:LONGEST]) if path else ()


def _observed(beside: Beside, measure: Measure) -> list[Observed]:
    return [
        Observed(
            side,
            beside.task_of[run.execution_id],
            outcome,
            {place: slot.choice for place, slot in beside.slots[run.execution_id].items()},
        )
        for side, runs in enumerate(beside.sides)
        for run in runs
        if (outcome := did_well(run, measure)) is not None
    ]


def _fork(beside: Beside, place: int) -> Fork | None:
    """What both sides choose at a place, and the two choices in which they differ most."""
    one, other = ([run for run in side if place in beside.slots[run.execution_id]] for side in beside.sides)
    if not one or not other:
        return None
    choice = {run.execution_id: beside.slots[run.execution_id][place].choice for run in (*one, *other)}
    counts = [Counter(choice[run.execution_id] for run in side) for side in (one, other)]
    more, less = _most(counts[0], counts[1]), _most(counts[1], counts[0])
    if more is None or less is None:
        return None
    table = Stratum(
        counts[0][more], counts[0][more] + counts[0][less], counts[1][more], counts[1][more] + counts[1][less]
    )
    return Fork(place, (one, other), choice, (more, less), fisher(table))


def _most(own: Counter[str], other: Counter[str]) -> str | None:
    """The action that one side takes more often than the other by the largest margin, a tenth of its runs at least."""
    margins = {action: own[action] / own.total() - other[action] / other.total() for action in own}
    best = min(margins, key=lambda action: (-round(margins[action], 9), -own[action], action))
    return best if margins[best] >= _LEAST_MARGIN else None


def _first_telling(forks: Sequence[Fork], parts: Mapping[int, float]) -> Fork | None:
    most = min((parts.get(fork.place, 0.0) for fork in forks), default=0.0)
    if most > -_LEAST_PART:
        return next(iter(forks), None)
    return next(fork for fork in forks if parts.get(fork.place, 0.0) <= _TELLING * most)


def _mostly_differ(fork: Fork) -> bool:
    counts = [Counter(fork.choice[run.execution_id] for run in side) for side in fork.reached]
    return _modal(counts[0], counts[1]) != _modal(counts[1], counts[0])


def _modal(counts: Counter[str], other: Counter[str]) -> str:
    """The most frequent action; of several, the one the other side takes most, then the first in the alphabet."""
    return min(counts, key=lambda action: (-counts[action], -other[action], action))


def _agent(fork: Fork, execution_id: str) -> int:
    return int(any(run.execution_id == execution_id for run in fork.reached[1]))


def _effect(fork: Fork, stratum_of: Callable[[str], str], measure: Measure, level: float) -> Difference | None:
    one, other = (_grouped(fork.made(action), stratum_of) for action in fork.actions)
    return compare(strata(one, other, measure), level)


def _grouped(runs: Sequence[Run], stratum_of: Callable[[str], str]) -> dict[str, list[Run]]:
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(stratum_of(run.execution_id), []).append(run)
    return grouped


def _outcome(runs: Iterable[Run], measure: Measure, level: float) -> Proportion:
    known = [outcome for run in runs if (outcome := did_well(run, measure)) is not None]
    return proportion(sum(known), len(known), level)


def _chosen(fork: Fork, side: int, beside: Beside, paths: Paths, measure: Measure, level: float) -> Chosen:
    action = fork.actions[side]
    reached = fork.reached[side]
    made = sorted((run for run in reached if fork.choice[run.execution_id] == action), key=lambda run: run.execution_id)
    at = {run.execution_id: beside.slots[run.execution_id][fork.place].at for run in made}
    taken = [] if action == END else [(paths[run.execution_id], at[run.execution_id]) for run in made]
    durations = [known for path, place in taken if (known := path.durations_ms[place]) is not None]
    after = Counter(path.actions[place + 1] if place + 1 < len(path.actions) else END for path, place in taken)
    then = _modal(after, Counter()) if after else None
    # An execution that chose to end has no decision here: the one before shows that nothing followed.
    shown = [path.decision_ids[place] for path, place in taken] or [
        paths[run.execution_id].decision_ids[at[run.execution_id] - 1] for run in made if at[run.execution_id]
    ]
    return Chosen(
        agent_id=reached[0].agent_id,
        action=action,
        reached=len(reached),
        executions=len(made),
        outcome=_outcome(made, measure, level),
        failed=sum(path.failed[place] > 0 for path, place in taken),
        timed_out=sum(path.timeouts[place] > 0 for path, place in taken),
        median_duration_ms=statistics.median(durations) if durations else None,
        then=then,
        then_executions=after[then] if then is not None else 0,
        evidence=tuple(shown[:_EVIDENCE]),
        evidence_total=len(shown),
    )


def _options(fork: Fork, measure: Measure, level: float) -> tuple[Option, ...]:
    counts = [Counter(fork.choice[run.execution_id] for run in side) for side in fork.reached]
    here = _outcome((run for side in fork.reached for run in side), measure, level)
    ordered = sorted(
        counts[0] | counts[1],
        key=lambda action: (action not in fork.actions, -counts[0][action] - counts[1][action], action),
    )
    return tuple(
        Option(
            action=action,
            first=counts[0][action],
            second=counts[1][action],
            outcome=outcome,
            value=None if here.rate is None else _shrunk(outcome, here.rate),
        )
        for action in ordered[:_OPTIONS]
        for outcome in [_outcome(fork.made(action), measure, level)]
    )


def _shrunk(outcome: Proportion, above: float) -> float:
    return round((outcome.successes + SHRINKAGE * above) / (outcome.total + SHRINKAGE), 6)
