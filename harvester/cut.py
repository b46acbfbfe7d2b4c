"""Cutting a surveyed file into parts, so that each execution is wholly in one of them. Pure.

Nearly every execution lies in one range. The others, which have lines in several, go as they are to one of these:
each to the one that has the least to read, the heaviest first.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .piece import Part, Range, Survey

if TYPE_CHECKING:
    import pyarrow as pa

_WORTH = 1.5
"""What all parts read together, in bytes of the file, at most: beyond that the file is read faster as a whole."""

_Strand = tuple[int, int]
_Place = tuple[int, int]


class _Stretch(NamedTuple):
    """Lines that hold a strand which other ranges hold too."""

    place: _Place
    strands: list[_Strand]


def parts(surveys: Sequence[tuple[Range, Survey]], content_hash: str, bytes_read: int) -> list[Part] | None:
    """What each process is to read; ``None`` where that would be much more than the file.

    Args:
        surveys: All ranges of the file in order, with what was found in them.
        content_hash: That of the file.
        bytes_read: How far it can be read.
    """
    group_of = _groups([survey for _, survey in surveys])
    mine: list[set[int]] = [set() for _ in surveys]
    for number, strand in group_of:
        mine[number].add(strand)
    stretches = [list(_stretches(number, surveys[number][1], some)) for number, some in enumerate(mine)]
    home = _homes(stretches, [span.end - span.start for span, _ in surveys], group_of)

    def home_of(strand: _Strand) -> int:
        group = group_of.get(strand)
        return strand[0] if group is None else home[group]

    made = [_Making() for _ in surveys]
    for number, (span, survey) in enumerate(surveys):
        keys = _Keys(survey)
        kept = span.start
        for stretch in stretches[number]:
            homes = {home_of(strand) for strand in stretch.strands}
            owner = number if number in homes else min(homes)
            for one in homes:
                if one != number:
                    made[one].extents.append(stretch.place)
                if one != owner:
                    made[one].guests.append(stretch.place)
                if len(homes) > 1:
                    made[one].foreign.update(
                        key for strand in stretch.strands if home_of(strand) != one for key in keys.of(strand[1])
                    )
            if number not in homes:
                made[number].extents.append((kept, stretch.place[0]))
                kept = stretch.place[1]
        made[number].extents.append((kept, span.end))
    found = [part for making in made if (part := making.part(content_hash, bytes_read)).extents]
    if sum(part.size for part in found) > _WORTH * sum(span.end - span.start for span, _ in surveys):
        return None
    return found


class _Making:
    """A part in the making."""

    def __init__(self) -> None:
        self.extents: list[_Place] = []
        self.guests: list[_Place] = []
        self.foreign: set[int] = set()

    def part(self, content_hash: str, bytes_read: int) -> Part:
        foreign = array("Q", sorted(self.foreign)).tobytes()
        return Part(_joined(self.extents), _joined(self.guests), foreign, content_hash, bytes_read)


def _joined(places: Iterable[_Place]) -> list[_Place]:
    """The places in order, those that follow each other as one."""
    out: list[_Place] = []
    for start, end in sorted(places):
        if start == end:
            continue
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


class _Keys:
    """The keys of the strands of one range, looked up only where somebody asks."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._of: dict[int, list[int]] | None = None

    def of(self, strand: int) -> list[int]:
        if self._of is None:
            self._of = {}
            for key, one in zip(_numbers("Q", self._survey.keys), _numbers("I", self._survey.strands), strict=True):
                self._of.setdefault(one, []).append(key)
        return self._of[strand]


def _groups(surveys: Sequence[Survey]) -> dict[_Strand, _Strand]:
    """The strands that other ranges hold too, each with the first strand of all that are tied to it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = [_column(pa.uint64(), survey.keys) for survey in surveys]
    counts = pc.value_counts(pa.chunked_array(keys, pa.uint64()))
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    above: dict[_Strand, _Strand] = {}

    def root(strand: _Strand) -> _Strand:
        while above[strand] != strand:
            above[strand] = above[above[strand]]
            strand = above[strand]
        return strand

    first: dict[int, _Strand] = {}
    for number, survey in enumerate(surveys):
        hit = pc.is_in(keys[number], shared)
        strands = _column(pa.uint32(), survey.strands).filter(hit).to_pylist()
        for key, one in zip(keys[number].filter(hit).to_pylist(), strands, strict=True):
            strand = (number, one)
            above.setdefault(strand, strand)
            above[root(strand)] = root(first.setdefault(key, strand))
    return {strand: root(strand) for strand in above}


def _stretches(number: int, survey: Survey, mine: set[int]) -> Iterator[_Stretch]:
    """The stretches of a range that have one of these strands, in order."""
    if not mine:
        return
    starts, ends = _numbers("Q", survey.starts), _numbers("Q", survey.ends)
    bounds, members = _numbers("I", survey.bounds), _numbers("I", survey.members)
    for index, start in enumerate(starts):
        strands = members[bounds[index] : bounds[index + 1]]
        if not mine.isdisjoint(strands):
            yield _Stretch((start, ends[index]), [(number, strand) for strand in strands])


def _homes(
    stretches: Sequence[Sequence[_Stretch]], loads: list[int], group_of: dict[_Strand, _Strand]
) -> dict[_Strand, int]:
    """For every group of strands the range that reads it; ``loads`` are the bytes of the ranges."""
    weight: dict[_Strand, dict[int, int]] = {}
    for number, some in enumerate(stretches):
        for (start, end), strands in some:
            groups = {group for strand in strands if (group := group_of.get(strand)) is not None}
            for group in groups:
                told = weight.setdefault(group, {})
                told[number] = told.get(number, 0) + end - start
            if all(strand in group_of for strand in strands):
                loads[number] -= end - start
    home = {}
    for group in sorted(weight, key=lambda group: (-sum(weight[group].values()), group)):
        home[group] = min(weight[group], key=lambda number: (loads[number], number))
        loads[home[group]] += sum(weight[group].values())
    return home


def _column(kind: pa.DataType, data: bytes) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(kind, len(data) * 8 // kind.bit_width, [None, pa.py_buffer(data)])


def _numbers(kind: str, data: bytes) -> array[int]:
    numbers = array(kind)
    numbers.frombytes(data)
    return numbers
