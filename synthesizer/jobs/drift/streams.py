"""What is watched over an agent's runs: shares, sizes, and the mix of its actions or tasks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from soma.synthesizer.stats.change_point import (
    Moment,
    Stretch,
    share_evidence,
    share_moment,
    share_ranks,
    size_evidence,
    size_moment,
    size_ranks,
    watched,
)

if TYPE_CHECKING:
    from soma.synthesizer.stats.change_point import Floats

_LEARNT = 10
_MOST = 20
NEW = "(new)"
"""Stands for: something that none of the first runs did."""


class Known(NamedTuple):
    """A run as a stream sees it: its place among the agent's runs, the task it is compared in, and a random number."""

    place: int
    stratum: str
    tie: float


class Stream(Protocol):
    """One thing watched over runs in the order of time."""

    runs: Sequence[Known]

    def evidence(self, start: int) -> Floats:
        """Log evidence after each run from ``start`` on that it has changed since."""
        ...

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """When it changed in ``stretch``, seen from run ``end``; and which action or task did."""
        ...


class Shares:
    """Whether something happened in a run."""

    def __init__(self, runs: Sequence[Known], happened: Sequence[bool]) -> None:
        self.runs = runs
        self.happened = happened

    def evidence(self, start: int) -> Floats:
        """See ``Stream``."""
        return _share_path(self.runs[start:], self.happened[start:])

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        return _share_moment(self.runs, self.happened, stretch, end, level), None


class Sizes:
    """How large something is in a run."""

    def __init__(self, runs: Sequence[Known], values: Sequence[float]) -> None:
        self.runs = runs
        self.values = values

    def evidence(self, start: int) -> Floats:
        """See ``Stream``."""
        runs = self.runs[start:]
        strata, ties = [run.stratum for run in runs], [run.tie for run in runs]
        return size_evidence(size_ranks(self.values[start:], strata, ties))

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        strata = [run.stratum for run in self.runs[stretch.start : end]]
        found = size_moment(self.values[stretch.start : end], strata, level)
        return _shifted(found, stretch), None


class Mix:
    """Which of many things (actions, tasks) happened in a run.

    The first ten runs of a stretch say what to watch: the most frequent things in them, and whether something happens
    that is in none of them. They are used for nothing else: what is watched must not depend on what is tested.
    """

    def __init__(self, runs: Sequence[Known], things: Sequence[frozenset[str]]) -> None:
        self.runs = runs
        self.things = things

    def watched_things(self, start: int) -> tuple[list[str], frozenset[str]]:
        """What is watched from ``start`` on, and everything the first runs did."""
        counts = Counter(thing for run in self.things[start : start + _LEARNT] for thing in run)
        ranked = sorted(counts, key=lambda thing: (-counts[thing], thing))
        return [*ranked[:_MOST], NEW], frozenset(counts)

    def happened(self, thing: str, start: int) -> list[bool]:
        """Per run of the stream whether it happened."""
        if thing != NEW:
            return [thing in run for run in self.things]
        _, known = self.watched_things(start)
        return [not run <= known for run in self.things]

    def evidence(self, start: int) -> Floats:
        """See ``Stream``; alarms of single things are corrected for how many are watched."""
        import numpy as np

        begin = start + _LEARNT
        if begin >= len(self.runs):
            return np.zeros(len(self.runs) - start)
        names, _ = self.watched_things(start)
        best: Floats | None = None
        runs = self.runs[begin:]
        for happened in sorted({tuple(self.happened(name, start)[begin:]) for name in names}):
            if len(set(happened)) == 2:
                path = _share_path(runs, happened)
                best = path if best is None else np.maximum(best, path)
        if best is None:
            return np.zeros(len(self.runs) - start)
        return np.concatenate((np.zeros(_LEARNT), best - math.log(len(names))))

    def moment(self, stretch: Stretch, end: int, level: float) -> tuple[Moment, str | None]:
        """See ``Stream``."""
        names, _ = self.watched_things(stretch.start)
        begin = stretch.start + _LEARNT

        def strength(name: str) -> float:
            happened = self.happened(name, stretch.start)[begin : stretch.end]
            return float(_share_path(self.runs[begin : stretch.end], happened).max())

        thing = min(names, key=lambda name: (-strength(name), name))
        return _share_moment(self.runs, self.happened(thing, stretch.start), stretch, end, level), thing

    def new_in(self, things: Sequence[str], start: int) -> str | None:
        """The first of ``things`` that none of the first runs did."""
        _, known = self.watched_things(start)
        return next((thing for thing in things if thing not in known), None)


def _share_path(runs: Sequence[Known], happened: Sequence[bool]) -> Floats:
    strata, ties = [run.stratum for run in runs], [run.tie for run in runs]
    return share_evidence(share_ranks(happened, strata, ties))


def _share_moment(runs: Sequence[Known], happened: Sequence[bool], stretch: Stretch, end: int, level: float) -> Moment:
    strata = [run.stratum for run in runs[stretch.start : end]]
    return _shifted(share_moment(happened[stretch.start : end], strata, level), stretch)


def _shifted(moment: Moment, stretch: Stretch) -> Moment:
    """A moment counted from the first run, and before the alarm: the change was there when it was seen."""
    assert stretch.alarm is not None  # noqa: S101 - only changes are dated
    likely, earliest, latest = (min(place + stretch.start, stretch.alarm) for place in moment)
    return Moment(likely, earliest, latest)


def stretches(stream: Stream, alpha: float) -> list[Stretch]:
    """The stream watched from its first run on."""
    cached: Callable[[int], Floats] = lru_cache(maxsize=2)(stream.evidence)
    return watched(cached, len(stream.runs), alpha)
