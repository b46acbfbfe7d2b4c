"""What is graded: each thing with the number it gives after k decisions and the first decision it was seen at. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from .model import SIGNALS, WARN, Answered, Kind, Trace


class Subject(msgspec.Struct, frozen=True):
    """One thing to grade.

    Attributes:
        score: From the first k decisions to a number that is the higher, the likelier a failure is.
        holds: Whether it is seen at a decision.
    """

    kind: Kind
    name: str
    score: Callable[[Sequence[Answered]], float]
    holds: Callable[[Answered], bool]

    def first(self, trace: Trace) -> int | None:
        """Place of the first decision at which it is seen, from 0."""
        return next((place for place, step in enumerate(trace.steps) if self.holds(step)), None)


def error_share(steps: Sequence[Answered]) -> float:
    """The plain baseline: which share of the decisions so far failed."""
    return sum(step.failed for step in steps) / len(steps)


ERRORS = Subject("baseline", "share of errors", error_share, lambda step: step.failed)


def subjects(traces: Iterable[Trace]) -> list[Subject]:
    """The aggregate, the signals, every floor and every pattern that was seen at all, and the baseline of errors."""
    floors: set[str] = set()
    patterns: set[str] = set()
    for trace in traces:
        for step in trace.steps:
            patterns.update(step.patterns)
            if step.floor_reason:
                floors.add(step.floor_reason)
    return [
        Subject("aggregate", "pressure", lambda steps: steps[-1].pressure, lambda step: step.warned),
        *(_signal(place, name) for place, name in enumerate(SIGNALS)),
        *(_seen("floor", name, _floor(name)) for name in sorted(floors)),
        *(_seen("pattern", name, _pattern(name)) for name in sorted(patterns)),
        ERRORS,
    ]


def _signal(place: int, name: str) -> Subject:
    def of(step: Answered) -> float:
        return step.pressures[place]

    return Subject("signal", name, lambda steps: of(steps[-1]), lambda step: of(step) >= WARN)


def _floor(name: str) -> Callable[[Answered], bool]:
    return lambda step: step.floor_reason == name


def _pattern(name: str) -> Callable[[Answered], bool]:
    return lambda step: name in step.patterns


def _seen(kind: Kind, name: str, holds: Callable[[Answered], bool]) -> Subject:
    return Subject(kind, name, lambda steps: float(any(map(holds, steps))), holds)
