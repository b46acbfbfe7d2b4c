"""Sources of one adapter that are mapped together, and what comes of each of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from soma.adapters.contract import Adapter
from soma.model import ExecutionDraft, PatternDraft
from soma.source import Damage, Limits, Record, Source

from . import fingerprint
from .piece import Part
from .portion import SourceReport
from .survey import key_of

Draft = ExecutionDraft | PatternDraft | Damage


class Family:
    """Sources of one adapter that are mapped together.

    Args:
        part: What of its only source is read, where that is not all of it.

    Attributes:
        adapter: Reads them all.
        reports: Source id to the report of the source.
    """

    def __init__(self, adapter: Adapter, limits: Limits, part: Part | None = None) -> None:
        self.adapter = adapter
        self._part = part
        self._own = None if part is None else _Own(part)
        self.reports: dict[str, SourceReport] = {}
        self._sources: list[Source] = []
        self._limits = limits

    def add(self, source: Source, report: SourceReport) -> None:
        """One more source."""
        if self._part is not None:
            source.extents = self._part.extents
        self._sources.append(source)
        self.reports[source.source_id] = report

    def drafts(self) -> list[Draft]:
        """All drafts; sets what was found out about the bytes while reading them.

        Raises:
            Whatever an adapter raises.
        """
        drafts = list(self._bounded())
        for source in self._sources:
            report = self.reports[source.source_id]
            if self._part is not None:
                report.bytes_read, report.content_hash = self._part.bytes_read, self._part.content_hash
                continue
            report.bytes_read = source.bytes_read
            report.content_hash = fingerprint.content_hash(source, source.context)
        return drafts

    def _bounded(self) -> Iterator[Draft]:
        first = self._sources[0].source_id
        own = self._own
        for item in self.adapter.map(self._records()):
            if item.source_id not in self.reports:
                item.source_id = first
            if own is not None and not (
                own.makes(item) if isinstance(item, ExecutionDraft) else isinstance(item, Damage) and own.has(item)
            ):
                continue
            if isinstance(item, ExecutionDraft) and len(item.decisions) > self._limits.decisions:
                yield Damage(source_id=item.source_id, offset=item.offset, length=item.length,
                             reason=f"one execution of more than {self._limits.decisions:,} decisions")  # fmt: skip
            else:
                yield item

    def _records(self) -> Iterator[Record | Damage]:
        own = self._own
        for source in self._sources:
            report = self.reports[source.source_id]
            for record in self.adapter.read(source, self._limits):
                if own is None or own.has(record):
                    report.records += 1
                yield record

    def fail(self, reason: str) -> None:
        """None of the sources can be used."""
        for report in self.reports.values():
            report.fail(reason)

    def conclude(self) -> None:
        """Say of every source whether it held runs, and what is odd about it."""
        for report in self.reports.values():
            report.conclude()


class _Own:
    """What of the lines that a part reads is its own: some are read for executions of other parts too."""

    def __init__(self, part: Part) -> None:
        self._guests = [end for place in part.guests for end in place]
        foreign = array("Q")
        foreign.frombytes(part.foreign)
        self._foreign = set(foreign)

    def has(self, item: Record | Damage) -> bool:
        """Whether the record counts here, or what is damaged is told here."""
        return bisect_right(self._guests, item.offset) % 2 == 0

    def makes(self, draft: ExecutionDraft) -> bool:
        """Whether the execution is one of this part."""
        foreign = self._foreign
        return not foreign or not any(key_of(one) in foreign for one in (draft.execution_id, *draft.claims))
