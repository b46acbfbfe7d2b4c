"""What is watched over an agent's runs: shares, sizes, and the mix of its actions or tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from soma.synthesizer.stats.change_point import (
    Moment,
    Stretch,
    largest_evidence,
    share_evidence,
    share_moment,
    share_ranks,
    size_evidence,
    size_moment,
    size_ranks,
    watched,
)

from .things import Things

if TYPE_CHECKING:
    from soma.synthesizer.stats.change_point import Flags, Floats, Ints

_LEARNT = 10
_MOST = 20
NEW = "(new)"
"""Stands for: something that none of the first runs did."""


class Known(NamedTuple):
    """Runs as a stream sees them, in the order of time, column by column.

    Attributes:
        places: Their places among the agent's runs.
        strata: The tasks they are compared in, as numbers in the order of the tasks' keys.
        ties: A random number each.
    """

    places: Ints
    strata: Ints
    ties: Floats

    def part(self, start: int, end: int | None = None) -> Known:
        """Those from ``start`` to ``end``."""
        return Known(self.places[start:end], self.strata[start:end], self.ties[start:end])

    def those(self, chosen: Flags) -> Known:
        """Those that are chosen."""
        return Known(self.places[chosen], self.strata[chosen], self.ties[chosen])

    @property
    def many(self) -> int:
        """How many there are."""
        return len(self.places)


class Stream(Protocol):
    """One thing watched over runs in the order of time."""

    runs: Known

    def evidence(self, start: int) -> Floats:
        """Log evidence after each run from ``start`` on that it has changed since."""
        ...

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """When it changed in ``stretch``, seen from run ``end``; and which action or task did."""
        ...


class Shares:
    """Whether something happened in a run."""

    def __init__(self, runs: Known, happened: Flags) -> None:
        self.runs = runs
        self.happened = happened

    def evidence(self, start: int) -> Floats:
        """See ``Stream``."""
        return _share_path(self.runs.part(start), self.happened[start:])

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        return _share_moment(self.runs, self.happened, stretch, end, level), None


class Sizes:
    """How large something is in a run."""

    def __init__(self, runs: Known, values: Floats) -> None:
        self.runs = runs
        self.values = values

    def evidence(self, start: int) -> Floats:
        """See ``Stream``."""
        runs = self.runs.part(start)
        return size_evidence(size_ranks(self.values[start:], runs.strata, runs.ties))

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        strata = self.runs.strata[stretch.start : end]
        found = size_moment(self.values[stretch.start : end], strata.tolist(), level)
        return _shifted(found, stretch), None


class Mix:
    """Which of many things (actions, tasks) happened in a run.

    The first ten runs of a stretch say what to watch: the most frequent things in them, and whether something happens
    that is in none of them. They are used for nothing else: what is watched must not depend on what is tested.
    """

    def __init__(self, runs: Known, things: Things) -> None:
        self.runs = runs
        self.things = things

    def watched_things(self, start: int) -> tuple[list[str], frozenset[str]]:
        """What is watched from ``start`` on, and everything the first runs did."""
        counts = self.things.counts(start, start + _LEARNT)
        ranked = sorted(counts, key=lambda thing: (-counts[thing], thing))
        return [*ranked[:_MOST], NEW], frozenset(counts)

    def happened(self, thing: str, start: int) -> Flags:
        """Per run of the stream whether it happened."""
        if thing != NEW:
            return self.things.having(thing)
        _, known = self.watched_things(start)
        return self.things.having_others(known)

    def evidence(self, start: int) -> Floats:
        """See ``Stream``; alarms of single things are corrected for how many are watched."""
        import numpy as np

        begin = start + _LEARNT
        if begin >= self.runs.many:
            return np.zeros(self.runs.many - start)
        names, _ = self.watched_things(start)
        runs = self.runs.part(begin)
        different = {row.tobytes(): row for row in (self.happened(name, start)[begin:] for name in names)}
        rows = [different[key] for key in sorted(different) if 0 < different[key].sum() < runs.many]
        if not rows:
            return np.zeros(self.runs.many - start)
        best = largest_evidence([share_ranks(row, runs.strata, runs.ties) for row in rows])
        return np.concatenate((np.zeros(_LEARNT), best - math.log(len(names))))

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        names, _ = self.watched_things(stretch.start)
        begin = stretch.start + _LEARNT

        def strength(name: str) -> float:
            happened = self.happened(name, stretch.start)[begin : stretch.end]
            return float(_share_path(self.runs.part(begin, stretch.end), happened).max())

        thing = min(names, key=lambda name: (-strength(name), name))
        return _share_moment(self.runs, self.happened(thing, stretch.start), stretch, end, level), thing

    def new_in(self, things: Sequence[str], start: int) -> str | None:
        """The first of ``things`` that none of the first runs did."""
        _, known = self.watched_things(start)
        return next((thing for thing in things if thing not in known), None)


def _share_path(runs: Known, happened: Flags) -> Floats:
    return share_evidence(share_ranks(happened, runs.strata, runs.ties))


def _share_moment(runs: Known, happened: Flags, stretch: Stretch, end: int, level: float) -> Moment:
    strata = runs.strata[stretch.start : end]
    return _shifted(share_moment(happened[stretch.start : end].tolist(), strata.tolist(), level), stretch)


def _shifted(moment: Moment, stretch: Stretch) -> Moment:
    """A moment counted from the first run, and before the alarm: the change was there when it was seen."""
    assert stretch.alarm is not None  # noqa: S101 - only changes are dated
    likely, earliest, latest = (min(place + stretch.start, stretch.alarm) for place in moment)
    return Moment(likely, earliest, latest)


def stretches(stream: Stream, alpha: float) -> list[Stretch]:
    """The stream watched from its first run on."""
    cached: Callable[[int], Floats] = lru_cache(maxsize=2)(stream.evidence)
    return watched(cached, stream.runs.many, alpha)
