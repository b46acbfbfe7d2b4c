"""Looking through a range of lines: which of them belong together, told from their ids alone."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence

from soma.adapters.blocks.apart import Apart
from soma.adapters.blocks.jsonl import read_lines
from soma.adapters.contract import Adapter
from soma.source import MIB, Limits, Record, Source

from . import fingerprint
from .piece import Ending, Range, Survey
from .portion import SourceReport


def key_of(one: str) -> int:
    """An id as a number that is the same in every process. Two ids of one key are only read together for nothing."""
    return int.from_bytes(hashlib.blake2b(one.encode(errors="replace"), digest_size=8).digest(), "little")


def look(
    piece: Ending | Range, source: Source, adapter: Adapter, limits: Limits, report: SourceReport
) -> Survey | None:
    """Do what ``piece`` asks: the survey of a range; the ending goes into the report.

    Raises:
        Whatever an adapter raises; OSError.
    """
    if isinstance(piece, Range):
        return None if adapter.apart is None else survey(piece, source, adapter.apart, limits)
    source.extents = [(last_line(source), source.size)]
    for _ in adapter.read(source, limits):
        pass
    report.bytes_read = source.bytes_read
    report.content_hash = fingerprint.content_hash(source, source.context)
    return None


def last_line(source: Source) -> int:
    """Where the last line begins that has no line end; the size of a source that ends with one."""
    with source.open() as stream:
        end = source.size
        while end > 0:
            start = max(0, end - MIB)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def survey(piece: Range, source: Source, apart: Apart, limits: Limits) -> Survey:
    """The strands of the lines of a range, and where they lie."""
    source.extents = [(piece.start, piece.end)]
    strands = _Strands()
    ends: list[tuple[int, int]] = []
    told: list[tuple[int, ...]] = []
    for item in read_lines(source, limits, apart.decoder):
        if isinstance(item, Record) and (nodes := strands.nodes(apart.ties(item.value))):
            end = item.offset + item.length
            if ends and ends[-1][1] == item.offset and told[-1] == nodes:
                ends[-1] = (ends[-1][0], end)
            else:
                ends.append((item.offset, end))
                told.append(nodes)
    return strands.survey(ends, told)


class _Strands:
    """Ids that are told together become one strand: a forest in which each id points towards its root."""

    def __init__(self) -> None:
        self._node: dict[str, int] = {}
        self._above: list[int] = []

    def nodes(self, ties: Iterable[Sequence[str]]) -> tuple[int, ...]:
        """One id for each group of ids, which are one strand from now on."""
        found = []
        for ids in ties:
            first = -1
            for one in ids:
                node = self._node.setdefault(one, len(self._above))
                if node == len(self._above):
                    self._above.append(node)
                root = self.root(node)
                if first < 0:
                    first = root
                elif root != first:
                    self._above[root] = first
            if first >= 0:
                found.append(first)
        return tuple(found)

    def root(self, node: int) -> int:
        above = self._above
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    def survey(self, places: Sequence[tuple[int, int]], told: Sequence[tuple[int, ...]]) -> Survey:
        """What was found, strands numbered one after the other."""
        number: dict[int, int] = {}
        keys, strands = array("Q"), array("I")
        for one, node in self._node.items():
            keys.append(key_of(one))
            strands.append(number.setdefault(self.root(node), len(number)))
        bounds, members = array("I", [0]), array("I")
        starts, ends = array("Q"), array("Q")
        last: list[int] = []
        for (start, end), nodes in zip(places, told, strict=True):
            mine = sorted({number[self.root(node)] for node in nodes})
            if ends and ends[-1] == start and mine == last:
                ends[-1] = end
                continue
            starts.append(start)
            ends.append(end)
            members.extend(mine)
            bounds.append(len(members))
            last = mine
        return Survey(*(part.tobytes() for part in (keys, strands, starts, ends, bounds, members)))
