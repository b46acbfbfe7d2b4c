"""The audit: a chain of entries of which none can be changed, taken out or put between without a trace.

The hash of an entry is the SHA-256 of its canonical JSON, ``previous`` included, so that any tool can follow the chain.
The MAC is a keyed BLAKE2b (RFC 7693) of the hash under the vault's key, so that a chain made anew needs the key. What
that proves, and what it cannot, stands in ``docs/governance.md``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from soma import clock, codec
from soma.errors import VaultError
from soma.identity import digest
from soma.schema import AUDIT, Table

from .damage import Finding
from .snapshot import Snapshot

Act = Literal["request", "promote", "supersede", "reject", "retire"]
_MAC_BYTES = 16


class Entry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One entry, as the table ``audit`` holds it; ``decided_at`` in epoch microseconds."""

    number: int
    decided_at: int
    actor: str
    action: str
    subject: str
    reason: str
    details: str
    previous: str
    hash: str
    mac: str

    def fact(self, name: str) -> Any:
        """What ``details`` hold under ``name``; ``None`` where they do not."""
        try:
            details = codec.decode(self.details)
        except codec.Undecodable:
            return None
        return details.get(name) if isinstance(details, dict) else None


class Chain(msgspec.Struct, frozen=True):
    """The entries in order, and what does not hold about them.

    Attributes:
        entries: All that are there, by number.
        trusted: How many from the first on are whole: what comes after the first broken one proves nothing.
        findings: Empty when the chain holds.
    """

    entries: tuple[Entry, ...]
    trusted: int
    findings: tuple[Finding, ...]

    @property
    def head(self) -> str:
        """The hash of the last entry; empty for an empty chain."""
        return self.entries[-1].hash if self.entries else ""

    def latest(self) -> dict[tuple[str, int], Entry]:
        """Policy id and version to the last entry that put it into the canon or changed it there."""
        found: dict[tuple[str, int], Entry] = {}
        for entry in self.entries:
            version = entry.fact("version")
            if entry.fact("row") and isinstance(version, int):
                found[entry.subject, version] = entry
        return found


def sealed(
    before: Sequence[Entry], *, key: bytes, at: int, actor: str, action: Act, subject: str, reason: str, details: Any
) -> Entry:
    """The entry that follows ``before``."""
    entry = Entry(
        number=len(before) + 1, decided_at=at, actor=actor, action=action, subject=subject, reason=reason,
        details=codec.encode(details), previous=before[-1].hash if before else "", hash="", mac="",
    )  # fmt: skip
    whole = _hash(entry)
    return msgspec.structs.replace(entry, hash=whole, mac=_mac(whole, key))


def _hash(entry: Entry) -> str:
    said = [
        entry.number, entry.decided_at, entry.actor, entry.action, entry.subject, entry.reason, entry.details,
        entry.previous,
    ]  # fmt: skip
    return hashlib.sha256(codec.encode(said).encode()).hexdigest()


def _mac(whole: str, key: bytes) -> str:
    return digest(f"soma audit {whole}", key=key, size=_MAC_BYTES)


def chained(entries: Iterable[Entry], *, key: bytes, head: str | None = None) -> Chain:
    """The entries as a chain, each verified.

    Args:
        entries: In any order.
        key: The vault's key.
        head: Hash of an entry that was once the last and so must be there; ``None`` where none is known.
    """
    order = tuple(sorted(entries, key=lambda entry: (entry.number, entry.hash)))
    findings: list[Finding] = []
    trusted, previous = 0, ""
    for place, entry in enumerate(order, 1):
        problem = _problem(entry, place, previous, key)
        if problem:
            findings.append(_finding(entry.number, problem))
        elif not findings:
            trusted = place
        previous = entry.hash
    if head and all(entry.hash != head for entry in order):
        findings.append(
            _finding(len(order) + 1, f"entries are missing at the end: one with hash {head[:16]}… was there")
        )
    return Chain(order, trusted, tuple(findings))


def _finding(number: int, problem: str) -> Finding:
    return Finding(f"{AUDIT.path}, entry {number}", problem)


def _problem(entry: Entry, place: int, previous: str, key: bytes) -> str | None:
    if entry.number != place:
        return f"stands in place {place}: entries before it are missing or doubled"
    if entry.previous != previous:
        return "does not follow the entry before it"
    if not hmac.compare_digest(entry.hash, _hash(entry)):
        return "was changed after it was written"
    if not hmac.compare_digest(entry.mac, _mac(entry.hash, key)):
        return "was not written with this vault's key"
    return None


def entries_of(rows: Iterable[dict[str, Any]]) -> list[Entry]:
    """Entries from rows of the table."""
    return [Entry(**row | {"decided_at": clock.from_datetime(row["decided_at"])}) for row in rows]


def row_of(entry: Entry) -> dict[str, Any]:
    """The row of an entry."""
    return msgspec.structs.asdict(entry) | {"decided_at": clock.to_datetime(entry.decided_at)}


def audit_of(snapshot: Snapshot, key: bytes) -> Chain:
    """The audit of a snapshot, verified against the head the commits remember."""
    rows, unreadable = readable(snapshot, AUDIT)
    chain = chained(entries_of(rows), key=key, head=snapshot.audit_head)
    return msgspec.structs.replace(chain, findings=(*unreadable, *chain.findings))


def readable(snapshot: Snapshot, table: Table) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The rows of every file that holds rows of the table, and what is wrong with the other files.

    Anyone may have put a file there: it must not keep the rest from being read.
    """
    live = snapshot.live(table)
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for name in sorted(live.files()):
        try:
            rows += live.read_one(name).to_pylist()
        except VaultError as problem:
            findings.append(Finding(f"{table.path}/{name}", f"{problem.message}; it is not read"))
    return rows, findings
