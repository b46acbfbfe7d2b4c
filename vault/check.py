"""Is the vault whole? Every file, every id, and the ledger against the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from soma.schema import DECISIONS, EXECUTIONS, FIRINGS, PRESSURE, SOURCES, TABLES, VITALS

from .canon import canon_of
from .damage import Finding, damaged_logs, files_seen, logs_cut_short
from .root import VaultRoot
from .snapshot import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


class Checked(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What ``soma vault check`` looked at and what it found.

    Attributes:
        findings: Empty when the vault is whole.
    """

    schema: str = "soma.vault.check"
    schema_version: int = 1
    version: int
    files: int
    rows: int
    executions: int
    decisions: int
    sources: int
    findings: list[Finding]


_LISTED = 20


def check_vault(root: VaultRoot) -> Checked:
    """Verify a vault that may be too damaged for a snapshot.

    Raises:
        VaultMissing, VaultNewer, VaultError: if there is no vault that this soma knows.
    """
    root.check_version()
    findings = [finding for found in damaged_logs(root.storage).values() for finding in found]
    if findings:
        return Checked(version=0, files=0, rows=0, executions=0, decisions=0, sources=0, findings=findings)
    return check(root.snapshot())


def check(snapshot: Snapshot) -> Checked:
    """Verify every file of the snapshot, that ids are unique, and that ledger, executions and decisions agree."""
    findings = list(logs_cut_short(snapshot))
    if not snapshot.storage.exists("key"):
        findings.append(Finding("key", "the vault's key is missing: nothing can be harvested into the vault"))
    files = rows = 0
    for table in TABLES:
        for seen in files_seen(snapshot.live(table)):
            files += 1
            rows += seen.rows
            if seen.problem:
                findings.append(Finding(f"{table.path}/{seen.name}", seen.problem))
    executions = decisions = sources = 0
    if not findings:
        executions, decisions, sources = (_count(snapshot, view) for view in ("executions", "decisions", "sources"))
        for rule in _RULES:
            findings += rule(snapshot)
    return Checked(
        version=snapshot.version, files=files, rows=rows, executions=executions, decisions=decisions, sources=sources,
        findings=findings,
    )  # fmt: skip


def _count(snapshot: Snapshot, view: str) -> int:
    return int(snapshot.sql(f"SELECT count(*) FROM {view}").column(0)[0].as_py())  # noqa: S608


def _listed(snapshot: Snapshot, query: str, words: str, where: str) -> Iterator[Finding]:
    table: pa.Table = snapshot.sql(query)
    for row in table.slice(0, _LISTED).to_pylist():
        yield Finding(where, words.format(**row))
    if table.num_rows > _LISTED:
        yield Finding(where, f"… and {table.num_rows - _LISTED:,} more of the same kind")


def _unique(snapshot: Snapshot) -> Iterator[Finding]:
    for view, column, where in (
        ("decisions", "decision_id", DECISIONS.path),
        ("executions_stored", "execution_id", EXECUTIONS.path),
        ("sources", "source_id", SOURCES.path),
        ("vitals", "execution_id", VITALS.path),
        ("pressure", "decision_id", PRESSURE.path),
        ("firings_stored", "firing_id", FIRINGS.path),
    ):
        yield from _listed(
            snapshot,
            f"SELECT {column} AS id, count(*) AS n FROM {view} "  # noqa: S608
            f"GROUP BY {column} HAVING count(*) > 1 ORDER BY {column}",
            "{id} stands there {n} times",
            where,
        )


def _counts_agree(snapshot: Snapshot) -> Iterator[Finding]:
    yield from _listed(
        snapshot,
        "SELECT e.execution_id AS id, e.decisions AS told, CAST(count(d.decision_id) AS BIGINT) AS found "
        "FROM executions AS e LEFT JOIN decisions AS d ON d.execution_id = e.execution_id "
        "GROUP BY e.execution_id, e.decisions HAVING e.decisions <> count(d.decision_id) ORDER BY e.execution_id",
        "{id} says it has {told} decisions, {found} are there",
        EXECUTIONS.path,
    )
    yield from _listed(
        snapshot,
        "SELECT execution_id AS id FROM executions_stored "
        "WHERE decisions <> ok + failed + timeout + skipped + unknown ORDER BY execution_id",
        "{id}: the outcomes do not add up to its decisions",
        EXECUTIONS.path,
    )


def _ledger_agrees(snapshot: Snapshot) -> Iterator[Finding]:
    yield from _listed(
        snapshot,
        "SELECT e.execution_id AS id, e.source_id AS source FROM executions_stored AS e "
        "LEFT JOIN sources AS s ON s.source_id = e.source_id WHERE s.source_id IS NULL ORDER BY e.execution_id",
        "{id} comes from {source}, which the ledger does not know",
        SOURCES.path,
    )
    yield from _listed(
        snapshot,
        "SELECT s.source_id AS id, s.executions AS told, CAST(count(e.execution_id) AS BIGINT) AS found "
        "FROM sources AS s JOIN executions_stored AS e ON e.source_id = s.source_id AND s.status = 'read' "
        "AND list_contains(s.claims, e.execution_id) GROUP BY s.source_id, s.executions "
        "HAVING count(e.execution_id) > s.executions ORDER BY s.source_id",
        "{id} is said to hold {told} executions, {found} come from it",
        SOURCES.path,
    )
    yield from _listed(
        snapshot,
        # Among relatives one may have told all that another told too.
        "WITH told AS (SELECT source_id, unnest(claims) AS claim FROM sources), "
        "shared AS (SELECT claim FROM told GROUP BY claim HAVING count(*) > 1), "
        "found AS (SELECT source_id FROM told WHERE claim IN (SELECT execution_id FROM executions_stored) "
        "OR claim IN (SELECT claim FROM shared)) "
        "SELECT s.source_id AS id, s.executions AS told FROM sources AS s ANTI JOIN found USING (source_id) "
        "WHERE s.status = 'read' AND s.executions > 0 ORDER BY s.source_id",
        "{id} is said to hold {told} executions, none of them is there",
        SOURCES.path,
    )


def _canon_is_audited(snapshot: Snapshot) -> Iterator[Finding]:
    """What stands in the canon without the word of a person, and an audit that does not hold."""
    yield from canon_of(VaultRoot(snapshot.storage), snapshot).findings


_RULES: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    _unique,
    _counts_agree,
    _ledger_agrees,
    _canon_is_audited,
)
