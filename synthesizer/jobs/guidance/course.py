"""The course of the gates of all patterns over the firings dealt so far: what was decided when, and what holds now.

All of it follows from stored rows in the order of dealing, so that whoever asks, and however often, is told the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from soma.synthesizer.jobs.gates.pairs import Item, blocks
from soma.synthesizer.jobs.gates.sequential import Gate, fed, judged
from soma.synthesizer.stats import Stratum

from .model import Status

Key = tuple[str, int]
"""A pattern and its version: what it finds, or says, in another version is judged anew."""


class Course(NamedTuple):
    """One pattern: the gate that takes in what comes, and the one that refuted it, if one did."""

    gate: Gate
    refuted: Gate | None = None

    @property
    def revived(self) -> bool:
        """Whether it was refuted, and validated by data that came after that."""
        return self.refuted is not None and self.gate.verdict == "validated"

    @property
    def standing(self) -> Gate:
        """The gate whose verdict governs: the refuting one until newer data validate."""
        return self.gate if self.refuted is None or self.revived else self.refuted

    @property
    def status(self) -> Status:
        """``retired`` from a refutation on, until data that came after it validate."""
        if self.standing.verdict == "validated":
            return "active"
        return "retired" if self.refuted is not None else "collecting"


def courses(items: Mapping[Key, Sequence[tuple[int, Item]]], delta: float, level: float) -> dict[Key, Course]:
    """The course of every pattern, with a look at all of them after every pair.

    Args:
        items: Firings with known outcome by pattern, each with the number it was dealt under, in that order.
        delta: Differences below it do not matter.
        level: ``1 - level`` bounds the share of false discoveries.
    """
    found = {key: Course(Gate()) for key in items}
    names = {key: f"{key[0]} {key[1]}" for key in items}
    pairs = [(at, key, block) for key, own in items.items() for at, block in completed(own)]
    for _, key, block in sorted(pairs, key=lambda pair: pair[:2]):
        treatment = block.second_successes / block.second_total
        control = block.first_successes / block.first_total
        found[key] = found[key]._replace(gate=fed(found[key].gate, [treatment], [control]))
        told = judged({names[each]: course.gate for each, course in found.items()}, delta, level)
        found = {each: _after(course, told[names[each]]) for each, course in found.items()}
    return found


def _after(course: Course, gate: Gate) -> Course:
    """A refuted pattern goes on with an empty gate: only what comes after can speak for it again."""
    return Course(Gate(), gate) if gate.verdict == "refuted" else Course(gate, course.refuted)


def completed(items: Iterable[tuple[int, Item]]) -> Iterator[tuple[int, Stratum]]:
    """Every pair with the number of the firing that completed it."""
    last = [0]

    def watched() -> Iterator[Item]:
        for number, item in items:
            last[0] = number
            yield item

    for block in blocks(watched()):
        yield last[0], block
