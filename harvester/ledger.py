"""The ledger in memory: what earlier harvests read, and which sources belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from soma.schema import SOURCES
from soma.vault.snapshot import Snapshot

from .discover import Candidate
from .portion import Known, SourceReport
from .rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

_AS_REPORTED = ("stamp", "content_hash", "bytes_read", "adapter", "adapter_version", "reason", "claims", "executions",
                "decisions", "quarantined")  # fmt: skip


class Entry(msgspec.Struct, gc=False):
    """One row of the ledger, as far as planning needs it."""

    source_id: str
    path: str
    size: int
    modified_ns: int
    stamp: str
    content_hash: str
    bytes_read: int
    adapter: str | None
    reader: str
    status: str
    reason: str | None
    claims: list[str]
    executions: int
    decisions: int


class Facts(NamedTuple):
    """What has to be as it was for a source to be unchanged, and how it counts then."""

    size: int
    modified_ns: int
    stamp: str
    status: str
    adapter: str | None


class Ledger:
    """What is known of sources, by source id, with this harvest's reports on top.

    The rows stay columns. Only those that somebody has to know become objects: see ``recall``.
    """

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.entries: dict[str, Entry] = {}
        self._by_claim: dict[str, set[str]] = {}
        self._snapshot = snapshot
        self._usable: pa.Table | None = None
        self._asked: set[str] = set()
        self._asked_claims: set[str] = set()

    @cached_property
    def _rows(self) -> pa.Table:
        if self._snapshot is None:
            return SOURCES.arrow().empty_table()
        return self._snapshot.read(SOURCES, list(Entry.__struct_fields__)).combine_chunks()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read before this harvest."""
        return self._snapshot is None or not self._snapshot.live(SOURCES).files()

    def recall(self, source_ids: Iterable[str], claims: Iterable[str] = ()) -> None:
        """Make ``entries`` of these sources, of those with one of these claims, and of all their relatives."""
        ids, keys = set(source_ids) - self._asked, set(claims) - self._asked_claims
        # Reading what is known takes as long as everything else a harvest does that finds nothing new.
        if not (ids or keys) or not self._rows.num_rows:
            return
        while ids or keys:
            self._asked |= ids
            self._asked_claims |= keys
            found = [entry for entry in self._found(ids, keys) if entry.source_id not in self.entries]
            for entry in found:
                self.put(entry)
            ids, keys = set(), {claim for entry in found for claim in entry.claims} - self._asked_claims

    def _found(self, ids: set[str], keys: set[str]) -> list[Entry]:
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self._rows
        hit = pc.is_in(rows["source_id"], pa.array(list(ids), pa.string()))
        places = set(pc.indices_nonzero(hit).to_pylist())
        if keys:
            told = pc.indices_nonzero(pc.is_in(pc.list_flatten(rows["claims"]), pa.array(list(keys), pa.string())))
            places |= set(pc.list_parent_indices(rows["claims"]).take(told).to_pylist())
        return [Entry(**row) for row in rows.take(pa.array(sorted(places), pa.int64())).to_pylist()]

    def facts(self, source_ids: Sequence[str], reader: str) -> dict[str, Facts]:
        """What is known of those of the sources that were read by ``reader`` and did not fail."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._usable is None:
            usable = pc.and_(pc.equal(self._rows["reader"], reader), pc.not_equal(self._rows["status"], "failed"))
            self._usable = self._rows.select(["source_id", *Facts._fields]).filter(usable)
        rows = self._usable.filter(pc.is_in(self._usable["source_id"], pa.array(source_ids, pa.string())))
        columns = [rows[name].to_pylist() for name in Facts._fields]
        return dict(zip(rows["source_id"].to_pylist(), map(Facts._make, zip(*columns, strict=True)), strict=True))

    def put(self, entry: Entry) -> None:
        """Take ``entry`` for what is known of its source."""
        before = self.entries.get(entry.source_id)
        for claim in before.claims if before else ():
            self._by_claim[claim].discard(entry.source_id)
        self.entries[entry.source_id] = entry
        for claim in entry.claims:
            self._by_claim.setdefault(claim, set()).add(entry.source_id)

    def note(self, report: SourceReport, reader: str) -> None:
        """Put what this harvest found on top of what was known."""
        c = report.candidate
        before = self.entries.get(c.source_id)
        if report.state == "same" and before is not None:
            self.put(msgspec.structs.replace(before, modified_ns=c.modified_ns, stamp=report.stamp))
            return
        if report.state == "failed" and before is not None:
            # What the vault holds of it stays, and so does what is known about that.
            report.claims, report.executions, report.decisions = before.claims, before.executions, before.decisions
        self.put(Entry(
            source_id=c.source_id, path=c.path, size=c.size, modified_ns=c.modified_ns, stamp=report.stamp,
            content_hash=report.content_hash, bytes_read=report.bytes_read, adapter=report.adapter, reader=reader,
            status=report.state, reason=report.reason, claims=report.claims, executions=report.executions,
            decisions=report.decisions,
        ))  # fmt: skip

    def known(self, candidate: Candidate, reader: str) -> Known | None:
        """How the source was read last, if it has as many bytes as then and all of them were read."""
        entry = self.entries.get(candidate.source_id)
        if entry is None or entry.adapter is None or entry.status not in {"read", "empty"} or entry.reader != reader:
            return None
        return Known(entry.adapter, entry.content_hash) if entry.size == entry.bytes_read == candidate.size else None

    def family(self, source_id: str) -> list[str]:
        """The source and all that share a claim with it, directly or through others, ordered."""
        by_claim = self._by_claim
        own = self.entries.get(source_id)
        if own is None or all(len(by_claim[claim]) == 1 for claim in own.claims):
            return [source_id]
        found = {source_id}
        pending = [source_id]
        while pending:
            entry = self.entries.get(pending.pop())
            for claim in entry.claims if entry else ():
                fresh = self._by_claim[claim] - found
                found |= fresh
                pending += fresh
        return sorted(found)


def says(entry: Entry | None, report: SourceReport) -> bool:
    """Whether the ledger already holds just this: a source that failed before and fails again is no news."""
    c = report.candidate
    return (
        entry is not None
        and report.state == "failed"
        and (entry.size, entry.modified_ns, entry.status, entry.reason)
        == (c.size, c.modified_ns, "failed", report.reason)
    )


def shrank(entry: Entry | None, candidate: Candidate) -> bool:
    """Whether the source holds fewer bytes than when it was read last."""
    return entry is not None and candidate.size < entry.size


def ledger_rows(reports: Iterable[SourceReport], reader: str) -> Rows:
    """The reports as rows of the ledger."""
    told = list(reports)
    rows = Rows(SOURCES)
    rows.extend({
        "source_id": [report.candidate.source_id for report in told],
        "path": [report.shown for report in told],
        "size": [report.candidate.size for report in told],
        "modified_ns": [report.candidate.modified_ns for report in told],
        "reader": [reader] * len(told),
        "status": [report.state for report in told],
        "redacted": [sum(report.redactions.values()) for report in told],
        "redactions": [sorted((kind, str(count)) for kind, count in report.redactions.items()) for report in told],
        **{name: list(map(attrgetter(name), told)) for name in _AS_REPORTED},
    }, len(told))  # fmt: skip
    return rows
