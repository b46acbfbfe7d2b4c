"""Beginnings of paths after which executions fail more often than after other beginnings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from soma.synthesizer.kept import Once, every_time
from soma.synthesizer.stats import Difference, Stratum, benjamini_hochberg, mid_p_test, proportion
from soma.synthesizer.stats.comparison import interval_of
from soma.synthesizer.walks import Measure, Walks

from .model import FailurePrefix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LEAST_SUPPORT = 5
_LEAST_SHARE = 0.01
_LONGEST = 40
_EXAMPLES = 3


class Candidate(NamedTuple):
    """A beginning that is compared: as a word, with the executions that took it, a stretch of those of its group."""

    prefix: str
    low: int
    high: int
    p_value: float


class Beginnings:
    """The beginnings of one group of executions, compared with the other executions of the group.

    Of beginnings that the same executions took only the shortest counts: what comes after it adds nothing. Executions
    of which no decision is recorded are on neither side.

    Attributes:
        candidates: Every beginning with enough executions of known outcome on both sides: five, and one in a hundred.
    """

    def __init__(self, walks: Walks, members: Ints, tasks: Ints, measure: Measure, level: float) -> None:
        import numpy as np

        self._walks, self._level = walks, level
        outcomes = walks.outcomes[measure]
        recorded = np.array([bool(path) for path in walks.paths[:1]] + [True], dtype=np.bool_)
        known = members[recorded[np.minimum(walks.taken[members], 1)] & (outcomes[members] >= 0)]
        # Alike beginnings lie together; within a path in the order of ids.
        self._members: Ints = known[np.argsort(walks.taken[known], kind="stable")]
        self._good: Ints = outcomes[self._members]
        _, self._tasks = np.unique(tasks[self._members], return_inverse=True)
        self._support = max(LEAST_SUPPORT, math.ceil(_LEAST_SHARE * len(known)))
        self._many = int(self._tasks.max(initial=-1)) + 1
        self._whole = self._tally(0, len(known))
        self.candidates = [
            Candidate(prefix, low, high, mid_p_test(strata))
            for prefix, low, high in self._found()
            if (strata := self._strata(low, high)) is not None
        ]

    def _alike(self) -> list[int]:
        """How many actions each execution has in common with the one before it, from the first on."""
        import numpy as np

        letters = self._walks.letters(_LONGEST)[self._walks.taken[self._members]]
        same = letters[1:] == letters[:-1]
        common = np.where(same.all(axis=1), _LONGEST, same.argmin(axis=1))
        found: list[int] = np.minimum(common, np.count_nonzero(letters[1:], axis=1)).tolist()
        return found

    def _found(self) -> Iterator[tuple[str, int, int]]:
        """Beginnings that enough executions took, but not all, each with the stretch of these."""
        everyone = len(self._members)
        if everyone < 2 * self._support:
            return
        # Stretches that have not ended yet, each within the one before: what they have in common, and their start.
        waiting = [(0, 0)]
        for end, common in enumerate([*self._alike(), 0], 1):
            start = end - 1
            while waiting[-1][0] > common:
                _, start = waiting.pop()
                if self._support <= end - start <= everyone - self._support:
                    longest = max(common, waiting[-1][0]) + 1
                    yield self._walks.paths[self._walks.taken[self._members[start]]][:longest], start, end
            if waiting[-1][0] < common:
                waiting.append((common, start))

    def _tally(self, low: int, high: int) -> tuple[Ints, Ints]:
        """By task how many executions of a stretch did well, and how many there are."""
        import numpy as np

        tasks = self._tasks[low:high]
        good = np.bincount(tasks[self._good[low:high] > 0], minlength=self._many)
        return good, np.bincount(tasks, minlength=self._many)

    @cached_property
    def _good_before(self) -> list[int]:
        """How many executions before each did well."""
        import numpy as np

        found: list[int] = np.concatenate(([0], np.cumsum(self._good > 0))).tolist()
        return found

    def _strata(self, low: int, high: int) -> list[Stratum] | None:
        """Others and following, task by task; ``None`` where there are too few."""
        if self._many == 1:
            good, here, everyone = self._good_before, high - low, len(self._members)
            did_well = good[high] - good[low]
            if min(here, everyone - here) < self._support:
                return None
            return [Stratum(good[-1] - did_well, everyone - here, did_well, here)]
        return self._by_task(low, high)

    def _by_task(self, low: int, high: int) -> list[Stratum] | None:
        good, total = self._tally(low, high)
        both = (total > 0) & (self._whole[1] > total)
        columns = [(self._whole[0] - good)[both], (self._whole[1] - total)[both], good[both], total[both]]
        if min(int(columns[1].sum()), int(columns[3].sum())) < self._support:
            return None
        return [Stratum(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def judged(self, candidate: Candidate, q_value: float) -> FailurePrefix:
        """What was found of a candidate."""
        strata = self._strata(candidate.low, candidate.high)
        assert strata is not None  # noqa: S101 - it is a candidate
        estimate, interval, method = interval_of(strata, self._level)
        _, total = self._tally(candidate.low, candidate.high)
        stretch = slice(candidate.low, candidate.high)
        compared = ((total > 0) & (self._whole[1] > total))[self._tasks[stretch]]
        members = self._members[stretch][compared]
        failed = sorted(members[self._good[stretch][compared] == 0].tolist())[:_EXAMPLES]
        agents = Counter(self._walks.agent_names[agent] for agent in self._walks.agents[members].tolist())
        return FailurePrefix(
            prefix=self._walks.words.path(candidate.prefix),
            following=proportion(
                sum(s.second_successes for s in strata), sum(s.second_total for s in strata), self._level
            ),
            others=proportion(sum(s.first_successes for s in strata), sum(s.first_total for s in strata), self._level),
            difference=Difference(estimate, interval, candidate.p_value, method, len(strata)),
            q_value=q_value,
            clear=q_value <= 1 - self._level and interval.high < 0,
            agents=dict(sorted(agents.items(), key=lambda item: (-item[1], item[0]))),
            examples=tuple(self._walks.executions[place] for place in failed),
        )


def beginnings_of(
    walks: Walks, members: Ints, tasks: Ints, measure: Measure, level: float, once: Once = every_time
) -> Beginnings:
    """The beginnings of a group; ``once`` keeps them for others who ask about the same executions."""
    what = ("variants", "beginnings", members.tobytes(), measure, level)
    return once(what, lambda: Beginnings(walks, members, tasks, measure, level))


def adjusted(groups: Sequence[Beginnings]) -> list[list[float]]:
    """The q-value of each candidate: false discoveries are controlled over all candidates of all groups."""
    q_values = iter(benjamini_hochberg([one.p_value for group in groups for one in group.candidates]))
    return [[next(q_values) for _ in group.candidates] for group in groups]


def judged(group: Beginnings, q_values: Sequence[float], most: float = 1.0) -> tuple[FailurePrefix, ...]:
    """The candidates of a group whose q-value is ``most`` at most, the most telling first.

    Most telling is the beginning whose effect is surely largest: the upper end of the interval is lowest. Of equals the
    shorter comes first.
    """
    found = [group.judged(one, q) for one, q in zip(group.candidates, q_values, strict=True) if q <= most]
    found.sort(key=lambda one: (not one.clear, one.difference.interval.high, len(one.prefix), one.prefix))
    return tuple(found)
