"""The ledger in memory: what earlier harvests read, and which sources belong together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from soma.adapters.contract import Adapter
from soma.schema import SOURCES
from soma.vault.snapshot import Snapshot

from . import fingerprint
from .discover import Candidate
from .portion import Known, SourceReport
from .rows import Rows
from .work import read_contained


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


class Ledger:
    """What is known of every source, by source id, with this harvest's reports on top."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.entries: dict[str, Entry] = {}
        self._by_claim: dict[str, set[str]] = {}
        if snapshot is None:
            return
        for row in snapshot.read(SOURCES, list(Entry.__struct_fields__)).to_pylist():
            self.put(Entry(**row))

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

    def unchanged(
        self, candidate: Candidate, reader: str, adapters: dict[str, Adapter], folders: fingerprint.Folders
    ) -> Entry | None:
        """What is known of the source, where reading it again would yield just that."""
        entry = self.entries.get(candidate.source_id)
        if entry is None or entry.status == "failed" or entry.reader != reader:
            return None
        if entry.size != candidate.size or entry.modified_ns != candidate.modified_ns:
            return None
        adapter = adapters.get(entry.adapter or "")
        same = candidate.size == 0 or entry.stamp == read_contained(
            "an adapter", lambda: fingerprint.stamp(candidate, adapter, folders), lambda _: None
        )
        return entry if same else None

    def known(self, candidate: Candidate, reader: str) -> Known | None:
        """How the source was read last, if it has as many bytes as then and all of them were read."""
        entry = self.entries.get(candidate.source_id)
        if entry is None or entry.adapter is None or entry.status not in {"read", "empty"} or entry.reader != reader:
            return None
        return Known(entry.adapter, entry.content_hash) if entry.size == entry.bytes_read == candidate.size else None

    def family(self, source_id: str) -> list[str]:
        """The source and all that share a claim with it, directly or through others, ordered."""
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
    rows = Rows(SOURCES)
    for report in reports:
        c = report.candidate
        rows.add({
            "source_id": c.source_id,
            "path": report.shown,
            "size": c.size,
            "modified_ns": c.modified_ns,
            "stamp": report.stamp,
            "content_hash": report.content_hash,
            "bytes_read": report.bytes_read,
            "adapter": report.adapter,
            "adapter_version": report.adapter_version,
            "reader": reader,
            "status": report.state,
            "reason": report.reason,
            "claims": report.claims,
            "executions": report.executions,
            "decisions": report.decisions,
            "quarantined": report.quarantined,
            "redacted": sum(report.redactions.values()),
            "redactions": sorted((kind, str(count)) for kind, count in report.redactions.items()),
        })  # fmt: skip
    return rows
