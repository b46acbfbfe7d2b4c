"""Is the vault whole? Every file, every id, and the ledger against the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from soma.errors import VaultError
from soma.schema import DECISIONS, EXECUTIONS, SOURCES, TABLES, Table

from .delta import LiveTable, read_file
from .snapshot import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold: where, and what."""

    where: str
    problem: str


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


def check(snapshot: Snapshot) -> Checked:
    """Verify every file of the snapshot, that ids are unique, and that ledger, executions and decisions agree."""
    findings: list[Finding] = []
    files = rows = 0
    for table in TABLES:
        live = snapshot.live(table)
        sizes = live.sizes()
        for name, expected in sorted(live.files().items()):
            files += 1
            found, problem = _file(live, name, table)
            rows += found
            if problem is None and found != expected:
                problem = f"holds {found:,} rows where the log says {expected:,}"
            if problem is None and (size := (live.folder / name).stat().st_size) != sizes[name]:
                problem = f"has {size:,} bytes where the log says {sizes[name]:,}"
            if problem:
                findings.append(Finding(f"{table.path}/{name}", problem))
    executions = decisions = sources = 0
    if not findings:
        executions, decisions, sources = (_count(snapshot, view) for view in ("executions", "decisions", "sources"))
        for rule in _RULES:
            findings += rule(snapshot)
    return Checked(
        version=snapshot.version, files=files, rows=rows, executions=executions, decisions=decisions, sources=sources,
        findings=findings,
    )  # fmt: skip


def _file(live: LiveTable, name: str, table: Table) -> tuple[int, str | None]:
    try:
        rows = read_file(str(live.folder / name), verify=True)
    except VaultError as problem:
        return 0, problem.message
    missing = [column.name for column in table.columns if column.name not in rows.column_names]
    if missing:
        return rows.num_rows, f"lacks the columns {', '.join(missing)}"
    for column in table.columns:
        if not column.nullable and rows[column.name].null_count:
            return rows.num_rows, f"{column.name} is null in {rows[column.name].null_count:,} rows"
    return rows.num_rows, None


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


_RULES: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (_unique, _counts_agree, _ledger_agrees)
