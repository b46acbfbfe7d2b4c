"""The canon: what persons ratified, each row held against the audit entry that put it there.

Rows come from files anyone may have written. One counts when the audit says, word for word, that a named person put it
there as it is, and nothing later changed it; all others are reported and nobody reads them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from soma import clock, codec
from soma.schema import POLICIES, PROPOSALS

from .audit import Chain, Entry, audit_of, readable
from .damage import Finding
from .root import VaultRoot
from .snapshot import Snapshot

NOT_PERSONS = frozenset({"soma", "harvester", "synthesizer", "replay", "governance", "keeper", "system", "cron"})
"""Names under which nobody can be held to account."""
_SHORTEST, _LONGEST = 2, 100


def is_person(actor: str) -> bool:
    """Whether the audit takes this for the name of somebody."""
    name = actor.strip()
    return (
        actor == name
        and _SHORTEST <= len(name) <= _LONGEST
        and name.isprintable()
        and any(sign.isalpha() for sign in name)
        and name.casefold() not in NOT_PERSONS
    )


class CanonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table ``policies``; times in epoch microseconds, ``scope`` and ``condition`` as JSON."""

    policy_id: str
    version: int
    scope: str
    condition: str
    effect: str
    mode: str
    message: str
    evidence: tuple[str, ...]
    learned_from: str
    origin: str
    ratified_by: str
    ratified_at: int
    expires_at: int | None
    review_at: int | None
    status: str
    audit_entry: int

    @property
    def name(self) -> str:
        """Id and version as people read them."""
        return f"{self.policy_id} version {self.version}"

    @property
    def digest(self) -> str:
        """SHA-256 over everything but the number of the entry, which itself holds this digest."""
        said = msgspec.structs.asdict(self)
        del said["audit_entry"]
        return hashlib.sha256(codec.encode(said).encode()).hexdigest()


class Canon(msgspec.Struct, frozen=True):
    """What counts and what does not.

    Attributes:
        rows: Rows the audit bears out, by id and version. chain: The audit.
        findings: What is wrong with the other rows, with the chain, and with proposals called decided without an entry.
    """

    rows: tuple[CanonRow, ...]
    chain: Chain
    findings: tuple[Finding, ...]


def canon_of(root: VaultRoot, snapshot: Snapshot | None = None) -> Canon:
    """The canon of a vault as it is now, or of a snapshot of it, every row held against the audit.

    Raises:
        VaultMissing, VaultError: if the vault or its key cannot be read.
    """
    pinned = snapshot or root.snapshot()
    told = ratified_rows(root, pinned)
    return msgspec.structs.replace(told, findings=(*told.findings, *_proposals(pinned, told.chain)))


def ratified_rows(root: VaultRoot, snapshot: Snapshot) -> Canon:
    """The canon without a look at what proposals say of themselves: no row counts more or less for it.

    Raises:
        VaultError: if the vault's key cannot be read.
    """
    chain = audit_of(snapshot, root.key())
    stand, unreadable = readable(snapshot, POLICIES)
    rows, findings = sound(rows_of(stand), chain)
    return Canon(tuple(rows), chain, (*chain.findings, *unreadable, *findings))


def rows_of(table: Iterable[Mapping[str, Any]]) -> list[CanonRow]:
    """Rows of the table, in the order of ids and versions."""
    times = ("ratified_at", "expires_at", "review_at")
    found = [
        CanonRow(**{
            **row, "evidence": tuple(row["evidence"]),
            **{name: None if row[name] is None else clock.from_datetime(row[name]) for name in times},
        })
        for row in table
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.policy_id, row.version, row.audit_entry))


def stored(row: CanonRow) -> dict[str, Any]:
    """The row as the table takes it."""
    times = {name: getattr(row, name) for name in ("ratified_at", "expires_at", "review_at")}
    return msgspec.structs.asdict(row) | {
        "evidence": list(row.evidence),
        **{name: None if at is None else clock.to_datetime(at) for name, at in times.items()},
    }


def sound(rows: Iterable[CanonRow], chain: Chain) -> tuple[list[CanonRow], list[Finding]]:
    """The rows the audit bears out, and what is wrong with the others."""
    asked = list(rows)
    latest = chain.latest()
    often = Counter((row.policy_id, row.version) for row in asked)
    good: list[CanonRow] = []
    findings: list[Finding] = []
    for row in asked:
        problem = _problem(row, chain, latest)
        if problem is None and often[row.policy_id, row.version] > 1:
            problem = "stands there more than once"
        if problem is None:
            good.append(row)
        else:
            findings.append(Finding(f"{POLICIES.path}, {row.name}", f"{problem}; it is not read"))
    present = {(row.policy_id, row.version) for row in asked}
    for subject, version in sorted(latest.keys() - present):
        findings.append(Finding(f"{POLICIES.path}, {subject} version {version}", "is gone, but the audit put it there"))
    return good, findings


def _problem(row: CanonRow, chain: Chain, latest: Mapping[tuple[str, int], Entry]) -> str | None:
    if not 1 <= row.audit_entry <= len(chain.entries):
        return f"no audit entry put it there (it names entry {row.audit_entry})"
    if row.audit_entry > chain.trusted:
        return f"the audit is broken before or at the entry that put it there ({row.audit_entry})"
    entry = chain.entries[row.audit_entry - 1]
    if entry.subject != row.policy_id or entry.fact("version") != row.version:
        return f"audit entry {entry.number} is about something else"
    if not is_person(entry.actor) or not is_person(row.ratified_by):
        return f"nobody is named in audit entry {entry.number}"
    if entry.fact("row") != row.digest:
        return f"it differs from what audit entry {entry.number} put there"
    last = latest[row.policy_id, row.version]
    if last.number != entry.number:
        return f"audit entry {last.number} ({last.action}) came later than the one it names"
    return None


DECIDED_BY = {"promoted": "promote", "rejected": "reject", "retired": "retire"}
"""Status of a proposal to the action of the audit that gives it."""


def _proposals(snapshot: Snapshot, chain: Chain) -> list[Finding]:
    """Proposals that are called decided though no entry decided them."""
    table = snapshot.read(PROPOSALS, ["insight_id", "status"]).sort_by("insight_id").to_pylist()
    return undecided(((row["insight_id"], row["status"]) for row in table), chain)


def undecided(statuses: Iterable[tuple[str, str]], chain: Chain) -> list[Finding]:
    """Of proposals with their statuses those that are called decided though no entry decided them so."""
    entries: dict[str, set[str]] = {}
    for entry in chain.entries:
        for subject in {entry.subject, str(entry.fact("origin") or "")}:
            entries.setdefault(subject, set()).add(entry.action)
    return [
        Finding(f"{PROPOSALS.path}, {identity}", f"is called {status}, but no audit entry says so")
        for identity, status in statuses
        if status in DECIDED_BY and DECIDED_BY[status] not in entries.get(identity, set())
    ]
