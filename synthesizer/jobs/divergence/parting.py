"""The step at which two agents part, among all places of their common path, and how runs ended that went either way.

Rule: of the places where the choices of the two agents differ beyond chance, the first one that carries at least
seven tenths of what the most telling one carries of the difference in outcomes. Where no outcome is known, the first.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from soma.synthesizer.stats import Difference, Proportion, Stratum, benjamini_hochberg, compare, fisher, proportion
from soma.synthesizer.words import codes_of

from .align import LONGEST, aligned
from .credit import Observed, credit
from .model import END, Chosen, Measure, Option, Parting, Run
from .outcomes import ByTask
from .places import Paths
from .tree import SHRINKAGE, tree_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_EVIDENCE = 20
_OPTIONS = 6
_BRANCHES = 40
_TELLING = 0.7
_LEAST_MARGIN = 0.1
_LEAST_PART = 0.002


class Beside(NamedTuple):
    """Two agents' executions with their paths laid beside one another; columns have a value for each execution.

    Attributes:
        runs: Task by task, those of the first agent before those of the second.
        sides: 0 or 1. tasks: As numbers in the order of their keys. outcomes: 1, 0, or -1 where it is not known.
        words: The different paths. taken: Which of them.
        backbone: The common path, as a word.
        at: By path and place, where the path stands that reached it; -1 where it did not.
        choices: By path and place, the next action as ``soma.synthesizer.words.codes_of`` numbers it, 0 for the end;
            -1 where the place was not reached.
        names: Action by number.
    """

    runs: list[Run]
    sides: Ints
    tasks: Ints
    outcomes: Ints
    words: list[str]
    taken: Ints
    backbone: str
    at: Ints
    choices: Ints
    names: Sequence[str]


class Fork(NamedTuple):
    """A place of the common path: which executions reached it, what each chose there, and where choices differ most."""

    place: int
    reached: tuple[Flags, Flags]
    choice: Ints
    counts: tuple[Counter[str], Counter[str]]
    actions: tuple[str, str]
    chance: float


def parting_of(first: ByTask, second: ByTask, paths: Paths, measure: Measure, level: float) -> Parting | None:
    """Where the paths of two agents part on the tasks of ``first`` and ``second``; ``None`` when they do not.

    An execution without a decision chose to end at once, unless its agent's source records no decisions at all.
    """
    if not all(
        any(run.execution_id in paths.words.of for attempts in side.values() for run in attempts.runs)
        for side in (first, second)
    ):
        return None
    beside = _beside(first, second, paths, measure)
    parts = credit(_observed(beside))
    forks = [fork for place in range(len(beside.backbone) + 1) if (fork := _fork(beside, place))]
    chances = benjamini_hochberg([fork.chance for fork in forks])
    clear = [fork.place for fork, chance in zip(forks, chances, strict=True) if chance <= 1 - level]
    telling = _first_telling([fork for fork in forks if fork.place in clear], parts)
    fork = telling or next((fork for fork in forks if _mostly_differ(fork)), None)
    if fork is None:
        return None
    spelled = paths.words.path
    one, other = (_made(beside, fork, action) for action in fork.actions)
    effect = _effect(beside, one, other, beside.tasks, level)
    return Parting(
        step=fork.place + 1,
        prefix=spelled(beside.backbone[: fork.place]),
        first=_chosen(fork, 0, beside, paths, level),
        second=_chosen(fork, 1, beside, paths, level),
        chance=next(chance for each, chance in zip(forks, chances, strict=True) if each.place == fork.place),
        clear=fork.place in clear,
        first_choice=_outcome(beside, one, level),
        second_choice=_outcome(beside, other, level),
        effect=effect,
        matters=effect is not None and effect.interval.excludes(0),
        within=_effect(beside, one, other, 2 * beside.tasks + beside.sides, level),
        options=_options(beside, fork, level),
        tree=tree_of(_counted(beside), spelled, depth=fork.place + 2, limit=_BRANCHES),
    )


def _beside(first: ByTask, second: ByTask, paths: Paths, measure: Measure) -> Beside:
    import numpy as np

    attempts = [(number, task, side[task]) for number, side in enumerate((first, second)) for task in sorted(side)]
    runs = [run for _, _, members in attempts for run in members.runs]
    sizes = [len(members.runs) for _, _, members in attempts]
    sides = np.repeat([number for number, _, _ in attempts], sizes)
    keys = {task: number for number, task in enumerate(sorted({task for _, task, _ in attempts}))}
    outcomes = [-1 if good is None else int(good) for _, _, members in attempts for good in members.outcomes[measure]]
    beginning, nothing = paths.beginning_of, 0
    numbers, taken = np.unique(
        np.array([beginning.get(run.execution_id, nothing) for run in runs], dtype=np.int64), return_inverse=True
    )
    words = [paths.beginnings[number] for number in numbers.tolist()]
    laid = aligned(words, *(np.bincount(taken[sides == side], minlength=len(words)) for side in (0, 1)))
    codes = codes_of(words, LONGEST + 1)
    return Beside(
        runs=runs,
        sides=sides,
        tasks=np.repeat([keys[task] for _, task, _ in attempts], sizes),
        outcomes=np.array(outcomes, dtype=np.int64),
        words=words,
        taken=taken,
        backbone=laid.backbone,
        at=laid.at,
        choices=np.where(laid.at >= 0, np.take_along_axis(codes, np.maximum(laid.at, 0), axis=1), -1),
        names=(END, *paths.words.actions),
    )


def _observed(beside: Beside) -> Observed:
    known = beside.outcomes >= 0
    return Observed(
        beside.sides[known], beside.tasks[known], beside.outcomes[known], beside.choices[beside.taken[known]]
    )


def _fork(beside: Beside, place: int) -> Fork | None:
    """What both sides choose at a place, and the two choices in which they differ most."""
    choice = beside.choices[beside.taken, place]
    one, other = ((choice >= 0) & (beside.sides == side) for side in (0, 1))
    if not one.any() or not other.any():
        return None
    counts = (_named(choice[one], beside), _named(choice[other], beside))
    more, less = _most(counts[0], counts[1]), _most(counts[1], counts[0])
    if more is None or less is None:
        return None
    table = Stratum(
        counts[0][more], counts[0][more] + counts[0][less], counts[1][more], counts[1][more] + counts[1][less]
    )
    return Fork(place, (one, other), choice, counts, (more, less), fisher(table))


def _named(choices: Ints, beside: Beside) -> Counter[str]:
    import numpy as np

    counts = np.bincount(choices)
    return Counter({beside.names[number]: int(counts[number]) for number in counts.nonzero()[0].tolist()})


def _made(beside: Beside, fork: Fork, action: str) -> Flags:
    """The executions of both sides that chose ``action``."""
    number = 0 if action == END else beside.names.index(action)
    found: Flags = fork.choice == number
    return found


def _counted(beside: Beside) -> list[tuple[str, list[int]]]:
    """Each path with what ``tree_of`` counts."""
    import numpy as np

    columns = [
        np.bincount(beside.taken[chosen], minlength=len(beside.words)).tolist()
        for chosen in (beside.sides == 0, beside.sides == 1, beside.outcomes >= 0, beside.outcomes == 1)
    ]
    return [(word, list(counts)) for word, *counts in zip(beside.words, *columns, strict=True)]


def _most(own: Counter[str], other: Counter[str]) -> str | None:
    """The action that one side takes more often than the other by the largest margin, a tenth of its runs at least."""
    size, beside = own.total(), other.total()
    margins = {action: own[action] / size - other[action] / beside for action in own}
    best = min(margins, key=lambda action: (-round(margins[action], 9), -own[action], action))
    return best if margins[best] >= _LEAST_MARGIN else None


def _first_telling(forks: Sequence[Fork], parts: Mapping[int, float]) -> Fork | None:
    most = min((parts.get(fork.place, 0.0) for fork in forks), default=0.0)
    if most > -_LEAST_PART:
        return next(iter(forks), None)
    return next(fork for fork in forks if parts.get(fork.place, 0.0) <= _TELLING * most)


def _mostly_differ(fork: Fork) -> bool:
    one, other = fork.counts
    return _modal(one, other) != _modal(other, one)


def _modal(counts: Counter[str], other: Counter[str]) -> str:
    """The most frequent action; of several, the one the other side takes most, then the first in the alphabet."""
    return min(counts, key=lambda action: (-counts[action], -other[action], action))


def _effect(beside: Beside, one: Flags, other: Flags, strata: Ints, level: float) -> Difference | None:
    """The second choice's rate minus the first's, compared within ``strata``."""
    import numpy as np

    many = int(strata.max()) + 1
    columns = [
        np.bincount(strata[made & chosen], minlength=many).tolist()
        for made in (one, other)
        for chosen in (beside.outcomes == 1, beside.outcomes >= 0)
    ]
    return compare((Stratum(*row) for row in zip(*columns, strict=True)), level)


def _outcome(beside: Beside, made: Flags, level: float) -> Proportion:
    known = beside.outcomes[made]
    return proportion(int((known == 1).sum()), int((known >= 0).sum()), level)


def _chosen(fork: Fork, side: int, beside: Beside, paths: Paths, level: float) -> Chosen:
    action = fork.actions[side]
    mine = fork.reached[side]
    chose = mine & _made(beside, fork, action)
    places = beside.at[beside.taken, fork.place]
    made = sorted((beside.runs[number].execution_id, int(places[number])) for number in chose.nonzero()[0].tolist())
    executions, at = [execution for execution, _ in made], [place for _, place in made]
    failed = timed_out = 0
    durations: list[float] = []
    after: Counter[str] = Counter()
    if action != END:
        failed, timed_out = paths.failed(executions, at), paths.timed_out(executions, at)
        durations = paths.durations(executions, at)
        following = Counter(paths.words.of[execution][place + 1 : place + 2] for execution, place in made)
        after = Counter({paths.words.path(letter)[0] if letter else END: many for letter, many in following.items()})
    else:
        # An execution that chose to end has no decision here: the one before shows that nothing followed.
        made = [(execution, place - 1) for execution, place in made if place]
    then = _modal(after, Counter()) if after else None
    return Chosen(
        agent_id=beside.runs[int(mine.argmax())].agent_id,
        action=action,
        reached=int(mine.sum()),
        executions=len(executions),
        outcome=_outcome(beside, chose, level),
        failed=failed,
        timed_out=timed_out,
        median_duration_ms=statistics.median(durations) if durations else None,
        then=then,
        then_executions=after[then] if then is not None else 0,
        evidence=tuple(
            paths.decisions([execution for execution, _ in made[:_EVIDENCE]], [place for _, place in made[:_EVIDENCE]])
        ),
        evidence_total=len(made),
    )


def _options(beside: Beside, fork: Fork, level: float) -> tuple[Option, ...]:
    counts = fork.counts
    here = _outcome(beside, fork.reached[0] | fork.reached[1], level)
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
        for outcome in [_outcome(beside, _made(beside, fork, action), level)]
    )


def _shrunk(outcome: Proportion, above: float) -> float:
    return round((outcome.successes + SHRINKAGE * above) / (outcome.total + SHRINKAGE), 6)
