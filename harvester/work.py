"""What a worker process does: read a few sources, normalise them, write one fragment, report back. No commit happens here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from soma import clock, identity
from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.contract import Adapter
from soma.adapters.registry import adapter_named, adapters, recognise
from soma.errors import SomaError, SourceError
from soma.model import ExecutionDraft, PatternDraft
from soma.schema import DECISIONS
from soma.source import DEFAULT_LIMITS, Damage, Limits, Record, Source
from soma.vault.fragment import Fragment, write_fragment

from . import fingerprint
from .agents import AgentNames
from .discover import Candidate
from .normalise import VERSION, Normaliser, reader_version
from .redact import Redactor
from .resolve import resolve
from .rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

State = Literal["read", "empty", "companion", "copy", "unrecognised", "failed"]
_NUMBER_BITS = 20
_DAMAGES_KEPT = 1000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every worker of one harvest knows.

    Attributes:
        vault: Folder of the vault; ``None`` reads without writing anything.
        key: The vault's secret key.
        agents: Names agents that traces leave unnamed.
        format: Name of the one adapter to use instead of recognising, if any.
        emails, phones: Whether these count as secrets too.
    """

    vault: str | None
    key: bytes
    agents: AgentNames = AgentNames()
    format: str | None = None
    limits: Limits = DEFAULT_LIMITS
    emails: bool = False
    phones: bool = False


class Task(msgspec.Struct, frozen=True):
    """Sources to read, each list of ``families`` resolved together (nearly always a list of one).

    Attributes:
        number: Unique inside one harvest.
        commit: Number of the first commit of the harvest; with ``number`` it makes every reading distinct.
    """

    number: int
    commit: int
    families: list[list[Candidate]]

    @property
    def size(self) -> int:
        """Bytes of all its sources."""
        return sum(candidate.size for family in self.families for candidate in family)


class SourceReport(msgspec.Struct):
    """What came of one source."""

    candidate: Candidate
    state: State = "read"
    reason: str | None = None
    adapter: str | None = None
    adapter_version: int | None = None
    variant: str = ""
    stamp: str = ""
    content_hash: str = ""
    bytes_read: int = 0
    claims: list[str] = msgspec.field(default_factory=list)
    records: int = 0
    executions: int = 0
    decisions: int = 0
    patterns: int = 0
    quarantined: int = 0
    redactions: dict[str, int] = msgspec.field(default_factory=dict)


class Portion(msgspec.Struct):
    """What a task brings back: reports, small tables, and the name of the fragment that holds its decisions."""

    task: Task
    reports: list[SourceReport]
    executions: pa.Table
    insights: pa.Table
    damages: list[Damage]
    decisions: Fragment | None
    decision_rows: pa.Table | None = None


def perform(task: Task, settings: Settings) -> Portion:
    """Read all sources of a task.

    Raises:
        VaultError, OSError: if the fragment cannot be written. What is wrong with a source never raises.
    """
    reader = _Reader(settings, task)
    for family in task.families:
        reader.read_family(family)
    return reader.portion()


def read_contained(family: _Family) -> list[ExecutionDraft | PatternDraft | Damage]:
    """All drafts of a family; whatever goes wrong while reading becomes the reason why its sources failed.

    This is the one place where the harvester catches everything: a format nobody has seen yet may break an adapter in any
    way, and a thousand other sources must not suffer for it.
    """
    try:
        return list(family.drafts())
    except SomaError as problem:
        family.fail(f"{problem.message}; {problem.hint}" if isinstance(problem, SourceError) else problem.message)
    except OSError as problem:
        family.fail(f"cannot be read: {problem.strerror or type(problem).__name__}")
    except Exception as problem:  # noqa: BLE001
        family.fail(f"the adapter {family.adapter.name} broke on it: {type(problem).__name__}")
    return []


class _Family:
    """Sources of one adapter that are mapped together."""

    def __init__(self, adapter: Adapter, sources: list[Source], reports: list[SourceReport], limits: Limits) -> None:
        self.adapter = adapter
        self.sources = sources
        self.reports = reports
        self.failed = False
        self._limits = limits

    def drafts(self) -> Iterator[ExecutionDraft | PatternDraft | Damage]:
        for item in self.adapter.map(self._records()):
            if isinstance(item, ExecutionDraft) and len(item.decisions) > self._limits.decisions:
                yield Damage(source_id=item.source_id, offset=item.offset, length=item.length,
                             reason=f"one execution of more than {self._limits.decisions:,} decisions")  # fmt: skip
            else:
                yield item

    def _records(self) -> Iterator[Record | Damage]:
        for source, report in zip(self.sources, self.reports, strict=True):
            for record in self.adapter.read(source, self._limits):
                report.records += 1
                yield record

    def fail(self, reason: str) -> None:
        self.failed = True
        for report in self.reports:
            report.state, report.reason = "failed", reason


class _Reader:
    def __init__(self, settings: Settings, task: Task) -> None:
        self._settings = settings
        self._task = task
        self._redactor = Redactor(settings.key, emails=settings.emails, phones=settings.phones)
        self._rows = Normaliser(settings.key, self._redactor, settings.agents)
        self._reports: list[SourceReport] = []
        self._damages: list[Damage] = []
        self._choice = [adapter_named(settings.format)] if settings.format else None
        self._families_read = 0

    def read_family(self, candidates: Sequence[Candidate]) -> None:
        by_adapter: dict[str, _Family] = {}
        for candidate in candidates:
            report = SourceReport(candidate)
            self._reports.append(report)
            claimed = self._claim(candidate, report)
            if claimed is None:
                continue
            adapter, source = claimed
            family = by_adapter.setdefault(adapter.name, _Family(adapter, [], [], self._settings.limits))
            family.sources.append(source)
            family.reports.append(report)
        drafts: list[tuple[ExecutionDraft, Adapter]] = []
        for name in sorted(by_adapter):
            family = by_adapter[name]
            for item in read_contained(family):
                self._sort(item, family, drafts)
            if not family.failed:
                self._finish(family)
        self._store(drafts, {report.candidate.source_id: report for f in by_adapter.values() for report in f.reports})

    def _claim(self, candidate: Candidate, report: SourceReport) -> tuple[Adapter, Source] | None:
        try:
            head = _head(candidate)
        except OSError as problem:
            report.state, report.reason = "failed", f"cannot be read: {problem.strerror or type(problem).__name__}"
            return None
        if candidate.size == 0:
            report.state, report.reason = "empty", "the file is empty"
            return None
        found = recognise(head, self._choice)
        if found is None:
            report.state, report.reason = "unrecognised", f"no adapter claims it (looks like: {_looks_like(head)})"
            return None
        adapter, match = found
        report.adapter, report.adapter_version, report.variant = adapter.name, adapter.version, match.variant
        if match.use != "read":
            report.state, report.reason = match.use, match.why
            return None
        source = Source(candidate.path, candidate.source_id, size=candidate.size)
        source.context = adapter.context(source)
        return adapter, source

    def _sort(
        self, item: ExecutionDraft | PatternDraft | Damage, family: _Family, drafts: list[tuple[ExecutionDraft, Adapter]]
    ) -> None:
        report = next((r for r in family.reports if r.candidate.source_id == item.source_id), family.reports[0])
        if isinstance(item, Damage):
            report.quarantined += 1
            if report.quarantined <= _DAMAGES_KEPT:
                self._damages.append(msgspec.structs.replace(item, reason=self._redactor.bounded(item.reason, 300)))
        elif isinstance(item, PatternDraft):
            report.patterns += 1
            self._rows.add_pattern(item)
        else:
            report.executions += 1
            report.decisions += len(item.decisions)
            drafts.append((item, family.adapter))

    def _finish(self, family: _Family) -> None:
        for source, report in zip(family.sources, family.reports, strict=True):
            report.bytes_read = source.bytes_read
            report.stamp = fingerprint.stamp(source, family.adapter)
            try:
                report.content_hash = fingerprint.content_hash(source, source.context)
            except OSError as problem:
                report.state, report.reason = "failed", f"vanished while it was read: {problem.strerror}"
                continue
            if not report.executions and not report.patterns:
                report.state = "failed" if report.quarantined and report.quarantined == report.records else "empty"
                report.reason = _nothing(report)
            elif report.bytes_read < report.candidate.size:
                report.reason = f"the last line is torn at byte {report.bytes_read:,}: it waits for the next harvest"
            elif report.quarantined:
                report.reason = f"{report.quarantined:,} of {report.records:,} records could not be used"

    def _store(self, drafts: list[tuple[ExecutionDraft, Adapter]], reports: dict[str, SourceReport]) -> None:
        adapter_of = {id(draft): adapter for draft, adapter in drafts}
        for draft, _ in drafts:
            report = reports.get(draft.source_id)
            if report is not None:
                report.claims = sorted({*report.claims, draft.execution_id, *draft.claims})
        hashes = sorted(report.content_hash for report in reports.values())
        self._families_read += 1
        reading = (((self._task.commit << _NUMBER_BITS) + self._task.number) << _NUMBER_BITS) + self._families_read
        self._redactor.take_counts()
        paths = {source_id: report.candidate.path for source_id, report in reports.items()}
        for draft in resolve((draft for draft, _ in drafts), paths):
            adapter = adapter_of[id(draft)]
            report = reports.get(draft.source_id)
            revision = identity.revision_of([f"{adapter.name}:{adapter.version}", f"normalise:{VERSION}", *hashes])
            self._rows.add(draft, adapter, paths.get(draft.source_id, ""), revision, reading)
            if report is not None:
                found = Counter(report.redactions)
                found.update(self._redactor.take_counts())
                report.redactions = dict(found)

    def portion(self) -> Portion:
        fragment = None
        rows = self._rows.decisions
        if len(rows) and self._settings.vault is not None:
            fragment = write_fragment(Path(self._settings.vault), DECISIONS, rows.arrow())
        dry = self._settings.vault is None
        return Portion(
            task=self._task, reports=self._reports, executions=self._rows.executions.arrow(),
            insights=self._rows.insights.arrow(), damages=self._damages, decisions=fragment,
            decision_rows=rows.arrow() if dry else None,
        )  # fmt: skip


def _nothing(report: SourceReport) -> str:
    if report.quarantined:
        return f"damaged: none of {report.records:,} records could be used"
    return f"exists but holds no run ({report.records:,} {'record' if report.records == 1 else 'records'})"


def _head(candidate: Candidate) -> Head:
    folder = os.path.dirname(candidate.path)
    with open(candidate.path, "rb") as stream:
        data = stream.read(HEAD_BYTES)
    return Head(os.path.basename(candidate.path), candidate.size, data, _siblings(folder))


_siblings_of: dict[str, tuple[float, frozenset[str]]] = {}
_SIBLINGS_FRESH_S = 5.0


def _siblings(folder: str) -> frozenset[str]:
    # Asked for every file of a folder in turn: a listing may be a few seconds old.
    known = _siblings_of.get(folder)
    if known and clock.stopwatch() - known[0] < _SIBLINGS_FRESH_S:
        return known[1]
    names = frozenset(os.listdir(folder))
    _siblings_of.clear()
    _siblings_of[folder] = (clock.stopwatch(), names)
    return names


def _looks_like(head: Head) -> str:
    if not head.is_text:
        return "a binary file"
    records = head.records
    if not records:
        return "a list of JSON values" if head.values else "text that is no JSON"
    keys = ", ".join(sorted(str(key)[:24] for key in records[0])[:6])
    return f"JSON {'lines' if head.lines else 'object'} with keys {keys}" if keys else "an empty JSON object"


def read_once(candidates: Sequence[Candidate], settings: Settings) -> Portion:
    """Read sources without a vault, as ``soma decisions --trace`` and ``--dry-run`` do."""
    return perform(Task(0, 0, [[candidate] for candidate in candidates]), settings)


def current_reader() -> str:
    """Digest of the adapters and the normaliser of this installation."""
    return reader_version({adapter.name: adapter.version for adapter in adapters()})


__all__ = ["Portion", "Rows", "Settings", "SourceReport", "Task", "current_reader", "perform", "read_contained", "read_once"]
