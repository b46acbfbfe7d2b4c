"""Making a damaged vault whole again: what is broken is taken out, and sources that lost rows are marked.

Rows of sources that are gone are kept where they can still be read (``repair_replay``). Nothing is deleted: broken
files leave their table by a commit and stay on disk until ``vacuum``; a table whose log cannot be trusted is moved
aside and made anew. Which sources lost rows is told by what is left, and until they are marked the tables themselves
say that they lost some: a repair that was killed is finished by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soma import identity
from soma.errors import VaultError
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, INSIGHTS, QUARANTINE, SOURCES, TABLES

from .check import check
from .damage import Finding, damaged_logs, files_seen, logs_cut_short
from .delta import LiveTable, read_file
from .fragment import write_fragment
from .promise import Promise, last_promise
from .repair_replay import files_ever, replay
from .root import VaultRoot
from .snapshot import Snapshot
from .storage import Storage
from .writer import Changes, Writer

if TYPE_CHECKING:
    import pyarrow as pa

LOST = "rows of it were lost with a damaged file of the vault; they come back when it is read again"
"""The ledger's reason for a source that has to be read again."""
UNKNOWN_PATH = "?"
"""Stands in the ledger for a path that was lost with it."""

_DAMAGES_KEPT = 1000
_DAMAGED = "damaged"


class TakenOut(msgspec.Struct, frozen=True, rename="camel"):
    """A file that is no longer part of its table, and how many rows the log says it held."""

    table: str
    file: str
    rows: int


class SetAside(msgspec.Struct, frozen=True, rename="camel"):
    """A table that was made anew, and where its old folder is now."""

    table: str
    moved_to: str


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the tables.

    Attributes:
        findings: What was wrong; empty when nothing was.
        damaged: Names of the tables that lost rows.
        kept: Executions of sources that are gone whose rows were found in files that can still be read.
    """

    findings: list[Finding]
    taken_out: list[TakenOut]
    set_aside: list[SetAside]
    damaged: set[str]
    kept: int = 0


def mend(root: VaultRoot) -> Mended:
    """Take out what is broken and mark in the ledger which sources have to be read again.

    Afterwards the vault is whole, with fewer rows.

    Raises:
        VaultMissing, VaultNewer, VaultLocked: if it cannot be opened for writing.
        VaultError: if the vault's key is missing; nothing is changed then.
    """
    writer = root.writer()
    _check_key(root)
    with writer.lock:
        logs = damaged_logs(root.storage)
        findings = [finding for found in logs.values() for finding in found] or check(root.snapshot()).findings
        damaged = set(logs)
        set_aside = [_set_aside(root.storage, name) for name in sorted(damaged)]
        damaged |= _unfinished(root.storage)
        if not findings and not damaged:
            return Mended(findings=[], taken_out=[], set_aside=[], damaged=set())
        with writer:
            taken_out = list(_take_out(root.storage))
            snapshot = root.snapshot()
            damaged |= {Path(item.table).name for item in taken_out}
            damaged |= {Path(item.where).parts[1] for item in logs_cut_short(snapshot)}
            complete = EXECUTIONS.path not in {item.table for item in taken_out}
            losses = _Losses(snapshot, damaged, executions_complete=complete)
            _commit(writer, losses.changes())
    return Mended(
        findings=findings,
        taken_out=taken_out,
        set_aside=set_aside,
        damaged=damaged,
        kept=losses.kept.executions.num_rows,
    )


def _check_key(root: VaultRoot) -> None:
    try:
        root.key()
    except VaultError as problem:
        raise VaultError(
            "the vault's key is missing: without it equal secrets, arguments and outputs no longer get the marks they "
            "have in this vault, so what is read now could not be compared with what it holds",
            where=problem.where,
            hint="restore the file from a backup and run soma vault repair again; if there is none, the vault stays "
            "readable, and new harvests need a new one",
        ) from problem


def _set_aside(storage: Storage, name: str) -> SetAside:
    table = BY_NAME[name]
    there = storage.aside(table.path)
    number = 1
    while (aside := f"{table.path}.damaged-{number}") in there:
        number += 1
    try:
        storage.set_aside(table.path, aside)
    except OSError as problem:
        raise VaultError(f"the damaged table cannot be moved aside: {problem.strerror}",
                         where=storage.where(table.path),
                         hint="check who owns the folder and that its disk is not read-only") from problem  # fmt: skip
    return SetAside(table.path, aside)


def _unfinished(storage: Storage) -> set[str]:
    """Names of the tables that a killed repair had mended, before it marked the sources."""
    found = set()
    for table in TABLES:
        live = LiveTable(storage, table)
        anew = live.version < 0 and bool(storage.aside(table.path))
        if anew or live.metadata().get(_DAMAGED):
            found.add(table.name)
    return found


def _take_out(storage: Storage) -> Iterator[TakenOut]:
    for table in TABLES:
        live = LiveTable(storage, table)
        broken = [seen for seen in files_seen(live) if seen.problem]
        if broken:
            live.commit((), [seen.name for seen in broken], metadata={**live.metadata(), _DAMAGED: True})
            yield from (TakenOut(table.path, seen.name, seen.expected) for seen in broken)


def _commit(writer: Writer, changes: Changes) -> None:
    # Numbers start beyond all that any table ever saw: where a log lost its end, they would be given twice.
    tables = [LiveTable(writer.storage, table) for table in TABLES]
    seen = [live.transaction() for live in tables] + [int(live.metadata().get("version", 0)) for live in tables]
    writer.version = max(writer.version, *seen)
    number = writer.next_version
    audit = last_promise(LiveTable(writer.storage, EXECUTIONS)).audit
    writer.commit(changes, role="keeper")
    for table in TABLES:
        live = LiveTable(writer.storage, table)
        if live.transaction() < number:
            live.commit((), (), transaction=number, metadata=Promise(number, {}, audit).metadata())
    writer.version = number


class _Losses:
    """Finds out which executions are no longer whole, which can be kept, and which sources have to be read again."""

    def __init__(self, snapshot: Snapshot, damaged: set[str], *, executions_complete: bool) -> None:
        self._snapshot = snapshot
        self._damaged = damaged
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for row in snapshot.read(SOURCES).to_pylist():
            self._rows.setdefault(row["source_id"], []).append(row)
        self._owners: dict[str, set[str]] = {}
        for row in snapshot.read(EXECUTIONS, ["execution_id", "source_id"]).to_pylist():
            self._owners.setdefault(row["execution_id"], set()).add(row["source_id"])
        self._broken = set(snapshot.sql(_BROKEN).column(0).to_pylist())
        self._whole = self._owners.keys() - self._broken
        gone = {one: rows[-1] for one, rows in self._rows.items() if not os.path.isfile(rows[-1]["path"])}
        self.kept = replay(snapshot, gone, self._whole, complete=executions_complete)
        for execution_id, source_id in zip(*_pairs(self.kept.executions), strict=True):
            self._owners[execution_id] = {source_id}
            self._whole.add(execution_id)
        self._told_of: dict[str, set[str]] = {}
        for execution_id in self._broken - self._whole:
            for source_id in self._owners[execution_id]:
                self._told_of.setdefault(source_id, set()).add(execution_id)
        quarantined = snapshot.sql("SELECT source_id, count(*) AS n FROM quarantine_stored GROUP BY source_id")
        self._quarantined = dict(zip(*quarantined.to_pydict().values(), strict=True))

    def changes(self) -> Changes:
        """Broken executions go or are kept; sources that have to be read again are marked."""
        import pyarrow as pa

        rows = self._rows.values()
        marked = [self._marked(known[-1]) for known in rows if len(known) > 1 or self._lost(known[-1])]
        new = list(self._unknown(set(self._rows)))
        changes = Changes()
        if self.kept.decisions.num_rows:
            changes.decisions.append(write_fragment(self._snapshot.storage, DECISIONS, self.kept.decisions))
        changes.add(EXECUTIONS, "execution_id", self._broken, self.kept.executions)
        ledger = pa.Table.from_pylist(marked + new, schema=SOURCES.arrow())
        changes.add(SOURCES, "source_id", {row["source_id"] for row in marked}, ledger)
        return changes

    def _lost(self, row: dict[str, Any]) -> bool:
        """Whether rows of the source are missing that reading it again may bring back."""
        source_id = row["source_id"]
        if source_id in self._told_of:
            return True
        there = len(self._whole & set(row["claims"]))
        lacks = row["executions"] - there
        if os.path.isfile(row["path"]):
            own = sum(1 for one in set(row["claims"]) & self._whole if source_id in self._owners[one])
            few = self._quarantined.get(source_id, 0) < min(row["quarantined"], _DAMAGES_KEPT)
            return (
                lacks > 0
                or own > row["executions"]
                or (QUARANTINE.name in self._damaged and few)
                # Which sources tell insights is not written down anywhere.
                or (INSIGHTS.name in self._damaged and row["status"] in {"read", "empty"})
                or (SOURCES.name in self._damaged and _changed(row))
            )
        # A source may tell one execution twice: what lacks counts only where executions are known to be lost.
        return lacks > 0 and (there == 0 or bool(self._damaged & {EXECUTIONS.name, DECISIONS.name}))

    def _marked(self, row: dict[str, Any]) -> dict[str, Any]:
        told = set(row["claims"])
        # Executions it held earlier and was cut since: nobody else knows of them.
        kept = self._told_of.get(row["source_id"], set()) - told
        claims, executions = sorted(told | kept), row["executions"] + len(kept)
        return {**row, "status": "failed", "reason": LOST, "claims": claims, "executions": executions}

    def _unknown(self, known: set[str]) -> Iterator[dict[str, Any]]:
        """Rows for sources the ledger lost; their paths are known only where an older file of it still tells."""
        paths = _paths_once_known(self._snapshot.storage) if SOURCES.name in self._damaged else {}
        there = {path for path in paths if os.path.isfile(paths[path])}
        owned: dict[str, set[str]] = {source_id: set() for source_id in there - known}
        for execution_id, source_ids in self._owners.items():
            for source_id in source_ids - known:
                owned.setdefault(source_id, set()).add(execution_id)
        for source_id in sorted(owned):
            claims = sorted(owned[source_id])
            yield {
                "source_id": source_id, "path": paths.get(source_id, UNKNOWN_PATH), "size": 0, "modified_ns": 0,
                "stamp": "", "content_hash": "", "bytes_read": 0, "adapter": None, "adapter_version": None,
                "reader": "", "status": "failed", "reason": LOST, "claims": claims, "executions": len(claims),
                "decisions": 0, "quarantined": 0, "redacted": 0, "redactions": [],
            }  # fmt: skip


def _pairs(executions: pa.Table) -> tuple[list[str], list[str]]:
    return executions["execution_id"].to_pylist(), executions["source_id"].to_pylist()


def _changed(row: dict[str, Any]) -> bool:
    """Whether the ledger's row is older than the file."""
    facts = os.stat(row["path"])
    return (facts.st_size, facts.st_mtime_ns) != (row["size"], row["modified_ns"])


def _paths_once_known(storage: Storage) -> dict[str, str]:
    """Source id to path, from every file of the ledger that was ever written and can still be read."""
    found: dict[str, str] = {}
    for folder, name in files_ever(storage, SOURCES):
        try:
            file = storage.local(folder, [name])[0]
            rows = read_file(str(file), ["source_id", "path"], verify=True)
        except (VaultError, ValueError):
            continue
        if rows.num_columns == len(("source_id", "path")):
            pairs = zip(rows["source_id"].to_pylist(), rows["path"].to_pylist(), strict=True)
            # The id is made from the path: what does not fit is damaged or was redacted.
            found.update((one, path) for one, path in pairs if path and identity.source_id(path) == one)
    return found


_BROKEN = """
WITH held AS (
    SELECT e.execution_id, d.decision_id
    FROM executions_stored AS e
    JOIN decisions_stored AS d ON d.execution_id = e.execution_id AND d.reading = e.reading
),
counted AS (
    SELECT execution_id, count(*) AS decisions, count(DISTINCT decision_id) AS different FROM held GROUP BY execution_id
)
SELECT e.execution_id
FROM executions_stored AS e
LEFT JOIN counted AS c ON c.execution_id = e.execution_id
WHERE e.decisions <> coalesce(c.decisions, 0)
    OR coalesce(c.decisions, 0) <> coalesce(c.different, 0)
    OR e.decisions <> e.ok + e.failed + e.timeout + e.skipped + e.unknown
UNION
SELECT execution_id FROM executions_stored GROUP BY execution_id HAVING count(*) > 1
UNION
SELECT execution_id
FROM held
WHERE decision_id IN (SELECT decision_id FROM held GROUP BY decision_id HAVING count(*) > 1)
ORDER BY execution_id
"""
