"""Runs one adapter over real files the way the harvester does, without a vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from soma import identity
from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.contract import Adapter, Match
from soma.model import ExecutionDraft, PatternDraft
from soma.source import DEFAULT_LIMITS, Damage, Limits, Record, Source


class Readout(msgspec.Struct):
    """What an adapter made of some files."""

    executions: list[ExecutionDraft] = msgspec.field(default_factory=list)
    patterns: list[PatternDraft] = msgspec.field(default_factory=list)
    damage: list[Damage] = msgspec.field(default_factory=list)
    sources: list[Source] = msgspec.field(default_factory=list)

    def by_id(self) -> dict[str, ExecutionDraft]:
        found = {execution.execution_id: execution for execution in self.executions}
        assert len(found) == len(self.executions), "execution ids repeat"
        return found


def head_of(path: Path) -> Head:
    siblings = frozenset(entry.name for entry in path.parent.iterdir())
    with path.open("rb") as stream:
        return Head(path.name, path.stat().st_size, stream.read(HEAD_BYTES), siblings)


def sniff(adapter: Adapter, path: Path) -> Match | None:
    return adapter.sniff(head_of(path))


def source_of(adapter: Adapter, path: Path) -> Source:
    source = Source(str(path.resolve()), identity.source_id(str(path.resolve())), size=path.stat().st_size)
    source.context = adapter.context(source)
    return source


def run(adapter: Adapter, *paths: Path, limits: Limits = DEFAULT_LIMITS) -> Readout:
    """Read the files as one family (sources that are resolved together) and sort what comes out by kind."""
    out = Readout(sources=[source_of(adapter, path) for path in paths])

    def records() -> Iterator[Record | Damage]:
        for source in out.sources:
            yield from adapter.read(source, limits)

    for item in adapter.map(records()):
        if isinstance(item, ExecutionDraft):
            out.executions.append(item)
        elif isinstance(item, PatternDraft):
            out.patterns.append(item)
        else:
            out.damage.append(item)
    return out
