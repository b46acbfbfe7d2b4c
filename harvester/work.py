"""What a worker process does: read a few sources, normalise them, write one fragment, report back. No commit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from soma import codec, identity
from soma.adapters.contract import Adapter
from soma.adapters.registry import adapters
from soma.model import ExecutionDraft, PatternDraft
from soma.schema import DECISIONS
from soma.source import Damage
from soma.vault.fragment import Fragment, write_fragment
from soma.vault.storage import storage_of

from . import fingerprint
from .discover import Candidate
from .family import Draft, Family
from .heap import few_collections, one_heap
from .normalise import VERSION, Extent, Item, Normaliser, Tables, reader_version
from .piece import Part, Survey
from .portion import DAMAGES_KEPT, Kin, Portion, Settings, SourceReport, Task, first_damages
from .recognise import Recogniser, read_contained
from .redact import Redactor
from .resolve import resolve
from .survey import look

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER_BITS = 20
_TOGETHER_DECISIONS = 1024
_TOGETHER_BYTES = 1 << 20
"""Executions become rows together until they are so many: more would take memory and save nothing."""


def perform(task: Task, settings: Settings) -> Portion:
    """Read all sources of a task.

    Raises:
        VaultError: if the fragment cannot be written. What is wrong with a source never raises.
    """
    reader = _Reader(settings, task)
    with few_collections(), one_heap():
        for kin in task.kins:
            reader.read(kin)
        return reader.portion()


class _OfKin(NamedTuple):
    """One kin: who answers for its rows, and how to tell these.

    Attributes:
        reports: Of its sources.
        reading: Column of its executions and decisions; the numbers of later kins are greater.
        insights: How many rows of insights there were before.
    """

    reports: list[SourceReport]
    reading: int
    insights: int

    def fail(self, reason: str) -> None:
        for report in self.reports:
            report.fail(reason)


def _fail(parts: Sequence[_OfKin], reason: str) -> None:
    for part in parts:
        part.fail(reason)


class _Reader:
    """Reads the kins of one task, one after the other, into one set of rows."""

    def __init__(self, settings: Settings, task: Task) -> None:
        self._settings = settings
        self._task = task
        self._redactor = Redactor(settings.key, emails=settings.emails, phones=settings.phones)
        away = self._write_away if settings.vault else None
        self._rows = Normaliser(settings.key, self._redactor, settings.agents, away)
        self._fragments: list[Fragment] = []
        self._recogniser = Recogniser(settings)
        self._survey: Survey | None = None
        self._reports: list[SourceReport] = []
        self._damages: dict[str, list[Damage]] = {}
        self._of_kins: list[_OfKin] = []
        self._waiting: list[tuple[Item, _OfKin]] = []
        self._decisions = self._bytes = 0

    def read(self, kin: Kin) -> None:
        """Read sources that belong together; what cannot be read is told in its report."""
        families: dict[str, Family] = {}
        for candidate in kin.sources:
            report = SourceReport(candidate)
            self._reports.append(report)
            self._recognise(candidate, report, families)
        insights = len(self._rows.insights)
        drafts: list[tuple[ExecutionDraft, Adapter]] = []
        for name in sorted(families):
            family = families[name]
            found = read_contained(f"the adapter {name}", family.drafts, family.fail)
            if found is not None:
                drafts += [
                    (draft, family.adapter) for item in found if (draft := self._sorted(item, family)) is not None
                ]
                if self._task.piece is None:
                    family.conclude()
        reports = {source_id: report for family in families.values() for source_id, report in family.reports.items()}
        reading = self._task.commit << _NUMBER_BITS | self._task.number
        part = _OfKin(list(reports.values()), reading << _NUMBER_BITS | len(self._of_kins), insights)
        self._of_kins.append(part)
        read_contained("an adapter", partial(self._take, drafts, reports, kin, part), part.fail)
        self._bytes += kin.size
        if self._bytes >= _TOGETHER_BYTES:
            self._normalise()

    def _recognise(self, candidate: Candidate, report: SourceReport, families: dict[str, Family]) -> None:
        """Put the source into the family of the adapter that claims it; else say in the report what it is."""

        def step() -> None:
            found = self._recogniser.of(candidate, report)
            if found is None:
                return
            adapter, source = found
            piece = self._task.piece
            if piece is not None and not isinstance(piece, Part):
                self._survey = look(piece, source, adapter, self._settings.limits, report)
                return
            known = self._task.known.get(candidate.source_id)
            if known and known.adapter == adapter.name:
                report.content_hash = fingerprint.content_hash(source, source.context)
                if report.content_hash == known.content_hash:
                    report.state = "same"
                    return
            families.setdefault(adapter.name, Family(adapter, self._settings.limits, piece)).add(source, report)

        read_contained("an adapter", step, report.fail)

    def _sorted(self, item: Draft, family: Family) -> ExecutionDraft | None:
        """Count a draft; all but executions are put away."""
        report = family.reports[item.source_id]
        if isinstance(item, Damage):
            report.quarantined += 1
            told = self._damages.setdefault(item.source_id, [])
            told.append(msgspec.structs.replace(item, reason=self._redactor.bounded(item.reason, 300)))
            if len(told) >= 2 * DAMAGES_KEPT:
                told[:] = first_damages(told)
            return None
        if isinstance(item, PatternDraft):
            report.patterns += 1
            read_contained(f"the adapter {family.adapter.name}", partial(self._rows.add_pattern, item), report.fail)
            return None
        report.executions += 1
        report.decisions += len(item.decisions)
        return item

    def _take(
        self, drafts: Sequence[tuple[ExecutionDraft, Adapter]], reports: dict[str, SourceReport], kin: Kin, part: _OfKin
    ) -> None:
        """Resolve the drafts of one kin and put them to those that wait to become rows."""
        claims: dict[str, set[str]] = {}
        for draft, _ in drafts:
            claims.setdefault(draft.source_id, set()).update((draft.execution_id, *draft.claims))
        for source_id, keys in claims.items():
            plain = self._redactor.is_plain("\n".join(keys))
            reports[source_id].claims = sorted(keys if plain else map(self._redactor.text, keys))
        adapter_of = {id(draft): adapter for draft, adapter in drafts}
        hashes = sorted(report.content_hash for report in reports.values() if report.state != "failed")
        paths = {source_id: report.candidate.path for source_id, report in reports.items()}
        revisions: dict[str, int] = {}
        for draft in resolve((draft for draft, _ in drafts), paths, kin.told):
            adapter = adapter_of[id(draft)]
            revision = revisions.get(adapter.name)
            if revision is None:
                revision = identity.revision_of([f"{adapter.name}:{adapter.version}", f"normalise:{VERSION}", *hashes])
                revisions[adapter.name] = revision
            if self._decisions + len(draft.decisions) > _TOGETHER_DECISIONS:
                self._normalise()
            self._waiting.append((Item(draft, adapter, paths[draft.source_id], revision, part.reading), part))
            self._decisions += len(draft.decisions)

    def _normalise(self) -> None:
        """Make rows of all executions that wait: at once, or one by one where that breaks, to find out which it is."""
        waiting, self._waiting = self._waiting, []
        self._decisions = self._bytes = 0
        broken: list[str] = []
        read_contained("an adapter", partial(self._rows.add, [item for item, _ in waiting]), broken.append)
        for item, part in waiting if broken else ():
            if len(waiting) == 1:
                part.fail(broken[0])
            else:
                read_contained("an adapter", partial(self._rows.add, [item]), part.fail)
        for item, _ in waiting:
            # Its rows take over: a large source would be held twice.
            item.draft.decisions = []
        if self._rows.is_full:
            parts = [part for _, part in waiting]
            read_contained("an adapter", self._rows.settle, lambda reason: _fail(parts, reason))

    def portion(self) -> Portion:
        """What all that was read comes to.

        Raises:
            VaultError: if the fragment cannot be written.
        """
        self._normalise()
        tables = self._tables()
        # Without the options for texts: paths of one vault are marked alike whatever a harvest is asked for.
        paths = Redactor(self._settings.key)
        for report in self._reports:
            report.shown = paths.path(report.candidate.shown)
            report.redactions = dict(self._rows.redactions.get(report.candidate.source_id, {}))
            report.reason = None if report.reason is None else self._redactor.text(codec.plain(report.reason))
        self._rows.forget()
        vault = self._settings.vault
        fragments = list(self._fragments)
        if vault is not None and tables.decisions.num_rows:
            fragments.append(write_fragment(storage_of(vault), DECISIONS, tables.decisions))
        return Portion(
            task=self._task, reports=self._reports, executions=tables.executions, insights=tables.insights,
            damages=[damage for told in self._damages.values() for damage in first_damages(told)], decisions=fragments,
            decision_rows=tables.decisions if vault is None else None, survey=self._survey,
        )  # fmt: skip

    def _write_away(self, tables: Iterator[pa.Table]) -> None:
        storage = storage_of(self._settings.vault or "")
        written: list[Fragment] = []
        try:
            for table in tables:
                fragment = write_fragment(storage, DECISIONS, table)
                written.append(fragment)
        except BaseException:
            for fragment in written:
                storage.discard(DECISIONS.path, fragment.name)
            raise
        self._fragments += written

    def _tables(self) -> Tables:
        whole = read_contained("an adapter", self._rows.tables, lambda _: None)
        if whole is not None:
            return whole
        # A value fits no column. Rows are converted again, kin by kin, to find out whose it is.
        extents = [*map(self._since, self._of_kins), self._rows.extent]
        pieces = [
            read_contained("an adapter", partial(self._rows.tables, since, end), part.fail)
            for part, since, end in zip(self._of_kins, extents, extents[1:], strict=False)
        ]
        return Tables.joined([piece for piece in pieces if piece is not None])

    def _since(self, part: _OfKin) -> Extent:
        """Where the rows of a kin begin."""
        executions, decisions = self._rows.executions.columns["reading"], self._rows.decisions.columns["reading"]
        return Extent(bisect_left(executions, part.reading), bisect_left(decisions, part.reading), part.insights)


def read_once(candidates: Sequence[Candidate], settings: Settings) -> Portion:
    """Read sources without a vault, as ``soma decisions --trace`` does."""
    return perform(Task(0, 0, [Kin([candidate]) for candidate in candidates]), settings)


def current_reader() -> str:
    """Digest of the adapters and the normaliser of this installation."""
    return reader_version({adapter.name: adapter.version for adapter in adapters()})


__all__ = ["Portion", "Settings", "SourceReport", "Task", "current_reader", "perform", "read_once"]
