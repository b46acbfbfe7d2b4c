"""Sources of one adapter that are mapped together, and what comes of each of them."""

from __future__ import annotations

from collections.abc import Iterator

from soma.adapters.contract import Adapter
from soma.model import ExecutionDraft, PatternDraft
from soma.source import Damage, Limits, Record, Source

from . import fingerprint
from .portion import SourceReport

Draft = ExecutionDraft | PatternDraft | Damage


class Family:
    """Sources of one adapter that are mapped together.

    Attributes:
        adapter: Reads them all.
        reports: Source id to the report of the source.
    """

    def __init__(self, adapter: Adapter, limits: Limits) -> None:
        self.adapter = adapter
        self.reports: dict[str, SourceReport] = {}
        self._sources: list[Source] = []
        self._limits = limits

    def add(self, source: Source, report: SourceReport) -> None:
        """One more source."""
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
            report.bytes_read = source.bytes_read
            report.content_hash = fingerprint.content_hash(source, source.context)
        return drafts

    def _bounded(self) -> Iterator[Draft]:
        first = self._sources[0].source_id
        for item in self.adapter.map(self._records()):
            if item.source_id not in self.reports:
                item.source_id = first
            if isinstance(item, ExecutionDraft) and len(item.decisions) > self._limits.decisions:
                yield Damage(source_id=item.source_id, offset=item.offset, length=item.length,
                             reason=f"one execution of more than {self._limits.decisions:,} decisions")  # fmt: skip
            else:
                yield item

    def _records(self) -> Iterator[Record | Damage]:
        for source in self._sources:
            report = self.reports[source.source_id]
            for record in self.adapter.read(source, self._limits):
                report.records += 1
                yield record

    def fail(self, reason: str) -> None:
        """None of the sources can be used."""
        for report in self.reports.values():
            report.fail(reason)

    def conclude(self) -> None:
        """Say of every source whether it held runs, and what is odd about it."""
        for report in self.reports.values():
            torn = report.bytes_read < report.candidate.size
            if report.executions or report.patterns:
                if torn:
                    report.reason = _torn(report)
                elif report.quarantined:
                    report.reason = f"{report.quarantined:,} of {report.records:,} records could not be used"
            elif report.quarantined and report.quarantined == report.records:
                report.fail(f"damaged: none of {report.records:,} records could be used")
            else:
                records = f"{report.records:,} {'record' if report.records == 1 else 'records'}"
                report.state = "empty"
                report.reason = _torn(report) if torn else f"exists but holds no run ({records})"


def _torn(report: SourceReport) -> str:
    return f"the last line is torn at byte {report.bytes_read:,}: it waits for the next harvest"
