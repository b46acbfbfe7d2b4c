"""One harvest: portions come in from the pool, are resolved against the vault, and go out as commits."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from soma import clock
from soma.adapters.contract import Adapter
from soma.adapters.mapped import adapter_of
from soma.adapters.registry import adapters
from soma.schema import EXECUTIONS, INSIGHTS, QUARANTINE, SOURCES, Table
from soma.vault import Changes, VaultRoot, Writer

from .discover import Candidate, Discovery
from .ledger import Entry, Ledger, ledger_rows, says, shrank
from .options import Options, Progress
from .owners import Owners, Reread
from .plan import tasks
from .pool import StartWorkers, Workers
from .portion import Kin, Known, Portion, SourceReport, Task
from .quiet import Quiet
from .redact import Redactor
from .relatives import Relatives
from .rows import Rows
from .shortlist import Shortlist
from .split import Splitter
from .tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

_COMMIT_BYTES = 256 << 20
_COMMIT_SOURCES = 1 << 14
"""Settling and committing costs by the source: what is done while workers read does not have to be done after them."""
_COMMIT_EVERY_S = 30.0
_NO_KEY = b"a dry run keeps nothing"


class Run:
    """One harvest.

    Args:
        vault: Where to; under the lock of ``writer``.
        writer: Commits; ``None`` for a dry run.
        options: How.
        on_progress: Told after every portion.
        start_workers: Who reads the sources.
        tally: What came of it so far, where it was begun before and another writer was faster.

    Attributes:
        tally: What came of it so far.
    """

    def __init__(
        self, vault: VaultRoot, writer: Writer | None, options: Options,
        on_progress: Callable[[Progress], None] | None, start_workers: StartWorkers, tally: Tally | None = None,
    ) -> None:  # fmt: skip
        self._writer = writer
        self._options = options
        self._on_progress = on_progress
        self._start_workers = start_workers
        self._reader = options.reader()
        self._snapshot = vault.snapshot() if vault.exists else None
        self._ledger = Ledger(self._snapshot)
        self._owners = Owners(self._snapshot)
        self._relatives = Relatives(self._ledger, self._snapshot)
        key = vault.key() if vault.exists else _NO_KEY
        self._settings = options.settings(vault.address if writer else None, key)
        self._redact = Redactor(key).path
        self.tally = tally or Tally(self._redact)
        self._commit = writer.next_version if writer else 0
        self._numbers = itertools.count()
        self._pending: list[Portion] = []
        self.quiet = Quiet(vault.storage, key, self._reader, self._snapshot.live(SOURCES) if self._snapshot else None)
        self._shortlist = Shortlist(self._ledger, self._reader, self._adapters())
        # Sources that got rows in these tables.
        self._written: dict[str, set[str]] = {table.name: set() for table in (SOURCES, QUARANTINE, INSIGHTS)}

    def _adapters(self) -> dict[str, Adapter]:
        mapping = self._options.mapping
        own = [] if mapping is None else [adapter_of(mapping)]
        return {adapter.name: adapter for adapter in (*adapters(), *own)}

    def read(self, discovery: Discovery) -> None:
        """Read all that is new or changed and commit it in portions."""
        before = self._writer.version if self._writer else 0
        self.quiet.watch(discovery.listings.values())
        self._relatives.expect(discovery)
        # Where nothing was read before, all of it will be: workers start while it is looked through.
        todo = None if self._ledger.is_empty else self._changed(discovery)
        expected = discovery.size if todo is None else sum(candidate.size for candidate in todo[0])
        with self._start_workers(self._settings, expected) as pool:
            try:
                self._read(pool, *(todo or self._changed(discovery)))
            except KeyboardInterrupt:
                pool.stop()
                raise
            finally:
                # Also after an interruption: what has been read completely is kept.
                self._flush(pool)
                if self._writer is not None and self._writer.version != before:
                    self.quiet.keep()

    def _read(self, pool: Workers, todo: Sequence[Candidate], known: Mapping[str, Known]) -> None:
        total = sum(candidate.size for candidate in todo)
        sources_done = bytes_done = sources = size = 0
        since = clock.stopwatch()
        splitter = Splitter(pool, self._settings, self._options.split_bytes)
        for portion in splitter.run(self._tasks(map(_alone, todo), total, known)):
            portion.decision_rows = None
            self._pending.append(portion)
            read = portion.task.size
            sources_done += len(portion.reports)
            bytes_done += read
            sources += len(portion.reports)
            size += read
            if self._on_progress:
                self._on_progress(Progress(sources_done, len(todo), bytes_done, total))
            if size >= _COMMIT_BYTES or sources >= _COMMIT_SOURCES or clock.stopwatch() - since > _COMMIT_EVERY_S:
                self._flush(pool)
                sources, size, since = 0, 0, clock.stopwatch()

    def _changed(self, discovery: Discovery) -> tuple[list[Candidate], dict[str, Known]]:
        """What has to be read, largest first; and how it was read last, where only its time may have changed."""
        todo: list[Candidate] = []
        counts = self.quiet.counts
        for candidate, facts in self._shortlist.of(discovery):
            if self.tally.settled and candidate.source_id in self.tally.settled:
                continue
            if facts is None:
                todo.append(candidate)
            else:
                counts[facts.status, facts.adapter] += 1
                self._note_settled(candidate, facts.status, facts.adapter)
        for (state, adapter), count in counts.items():
            self.tally.unchanged(state, adapter, count)
        todo.sort(key=lambda candidate: (-candidate.size, candidate.path))
        self._ledger.recall(candidate.source_id for candidate in todo)
        known = {
            candidate.source_id: before
            for candidate in todo
            if (before := self._ledger.known(candidate, self._reader)) is not None
        }
        return todo, known

    def _note_settled(self, candidate: Candidate, state: str, adapter: str | None) -> None:
        if state != "failed" and self._shortlist.is_told_by_its_folder(candidate, adapter):
            self.quiet.settled(candidate, state, adapter)
        else:
            self.quiet.unsettled(candidate)

    def _tasks(self, kins: Iterable[Kin], total: int, known: Mapping[str, Known]) -> Iterator[Task]:
        return tasks(kins, total, self._commit, self._numbers, known, self._options.split_bytes)

    def _flush(self, pool: Workers) -> None:
        portions, self._pending = self._pending, []
        reports = {report.candidate.source_id: report for portion in portions for report in portion.reports}
        if not reports:
            return
        self._ledger.recall(reports)
        was = {source_id: self._ledger.entries.get(source_id) for source_id in reports}
        for source_id, report in reports.items():
            before = was[source_id]
            if report.state == "unrecognised" and before is not None and before.executions:
                report.fail("no adapter claims it any more; what was read before is kept")
        kins = self._relatives.after(list(reports.values()), self._reader)
        reread = self._reread(was, reports, kins)
        kins.sort(key=lambda kin: (-kin.size, kin.sources))
        resolved = list(pool.run(self._tasks(kins, sum(kin.size for kin in kins), {}))) if kins else []
        together = {candidate.source_id for kin in kins for candidate in kin.sources}
        self._note_failures(resolved, reports, was)
        failed = {source_id for source_id, report in reports.items() if report.state == "failed"}
        executions = [_without(portion.executions, together | failed) for portion in portions]
        executions += [_without(portion.executions, failed) for portion in resolved]
        for source_id in [source_id for source_id in reread if source_id in failed]:
            del reread[source_id]

        changes = Changes()
        changes.decisions = [fragment for part in (*portions, *resolved) for fragment in part.decisions]
        written = self._change_executions(changes, executions, reread)
        self._change_ledger(changes, portions, reports, was)
        if self._writer is not None:
            self._writer.commit(changes, role="harvester")
        for source_id, report in reports.items():
            self._note_settled(report.candidate, self._ledger.entries[source_id].status, report.adapter)
        self.tally.add(reports.values(), {source_id for source_id, entry in was.items() if entry is not None})
        self.tally.executions += written.num_rows
        self.tally.decisions += sum(written["decisions"].to_pylist())

    def _reread(
        self, was: Mapping[str, Entry | None], reports: Mapping[str, SourceReport], kins: Sequence[Kin]
    ) -> dict[str, Reread]:
        """What is to be known of every source that was or will be read again: how it was when it was read before."""
        found = {}
        candidates = {source_id: r.candidate for source_id, r in reports.items() if r.state not in {"failed", "same"}}
        candidates |= {candidate.source_id: candidate for kin in kins for candidate in kin.sources}
        for source_id, candidate in candidates.items():
            before = was[source_id] if source_id in was else self._ledger.entries.get(source_id)
            alone = before is not None and not self._relatives.had(source_id)
            found[source_id] = Reread(
                shrank=shrank(before, candidate),
                told=frozenset(before.claims) if before is not None and alone else None,
                decisions=before.decisions if before is not None else 0,
            )
        return found

    def _note_failures(
        self, resolved: Sequence[Portion], reports: dict[str, SourceReport], was: dict[str, Entry | None]
    ) -> None:
        """A source that was read alone may still fail together with its relatives."""
        for report in (report for portion in resolved for report in portion.reports if report.state == "failed"):
            source_id = report.candidate.source_id
            was.setdefault(source_id, self._ledger.entries.get(source_id))
            reports.setdefault(source_id, report).fail(report.reason or "")
            before = was[source_id]
            if before is not None:
                self._ledger.put(before)
            self._ledger.note(reports[source_id], self._reader)

    def _change_executions(self, changes: Changes, parts: list[pa.Table], reread: Mapping[str, Reread]) -> pa.Table:
        import pyarrow as pa

        settled = self._owners.settle(pa.concat_tables(parts), reread)
        self.tally.no_longer_there += settled.kept
        changes.add(EXECUTIONS, "execution_id", settled.gone, settled.rows)
        return settled.rows

    def _change_ledger(
        self, changes: Changes, portions: Sequence[Portion], reports: Mapping[str, SourceReport],
        was: Mapping[str, Entry | None],
    ) -> None:  # fmt: skip
        import pyarrow as pa

        same = {source_id for source_id, report in reports.items() if report.state == "same"}
        news = {source_id for source_id, report in reports.items() if not says(was[source_id], report)} - same
        read = {source_id for source_id in news if reports[source_id].state != "failed"}
        rows = ledger_rows((reports[source_id] for source_id in sorted(news)), self._reader).arrow()
        self._replace(changes, SOURCES, news | same, pa.concat_tables([rows, self._touched(same, reports)]))
        damages = Rows(QUARANTINE)
        for damage in (d for portion in portions for d in portion.damages if d.source_id in news):
            damages.add({"source_id": damage.source_id, "source_offset": damage.offset,
                         "source_length": damage.length, "reason": damage.reason})  # fmt: skip
        self._replace(changes, QUARANTINE, news, damages.arrow())
        insights = pa.concat_tables([portion.insights for portion in portions])
        self._replace(changes, INSIGHTS, read, _only(insights, read))

    def _replace(self, changes: Changes, table: Table, source_ids: set[str], rows: pa.Table) -> None:
        written = self._written[table.name]
        stored = source_ids & written
        if self._snapshot is not None:
            stored |= set(_only(self._snapshot.read(table, ["source_id"]), source_ids)["source_id"].to_pylist())
        changes.add(table, "source_id", stored, rows)
        written |= source_ids

    def _touched(self, source_ids: set[str], reports: Mapping[str, SourceReport]) -> pa.Table:
        """The ledger's rows of sources whose bytes are as they were, with their new times."""
        rows = Rows(SOURCES)
        if self._snapshot is not None and source_ids:
            for row in _only(self._snapshot.read(SOURCES), source_ids).to_pylist():
                report = reports[row["source_id"]]
                rows.add({**row, "modified_ns": report.candidate.modified_ns, "stamp": report.stamp})
        return rows.arrow()


def _alone(candidate: Candidate) -> Kin:
    return Kin([candidate])


def _only(rows: pa.Table, source_ids: set[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    return rows.filter(pc.is_in(rows["source_id"], pa.array(sorted(source_ids), pa.string())))


def _without(rows: pa.Table, source_ids: set[str]) -> pa.Table:
    if not source_ids:
        return rows
    import pyarrow as pa
    import pyarrow.compute as pc

    return rows.filter(pc.invert(pc.is_in(rows["source_id"], pa.array(sorted(source_ids), pa.string()))))
