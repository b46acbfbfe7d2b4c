"""One version of the vault, pinned by the files it consists of, readable with DuckDB, Polars and Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soma import codec
from soma.config import TaskRule, TeamRule
from soma.errors import UsageError, VaultError
from soma.identity import digest
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, HARVESTED, TABLES, Table

from .delta import LiveTable
from .memory import memory_limit
from .promise import last_promise
from .teams import place_teams

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

_ATTEMPTS = 20
# Types whose values DuckDB and Arrow hand to Python in different forms.
_OTHERWISE = ("MAP", "HUGEINT", "DECIMAL", "STRUCT", "BLOB", "TIMESTAMP", "DATE", "TIME", "INTERVAL", "UUID")


class Snapshot:
    """The live files of every table at one moment.

    Attributes:
        version: Number of the harvest commit it shows; 0 for an empty vault.
        vault: The vault's folder.
        task_rules: Rules of the project about which executions attempt which task; whoever asks sets them.
        team_rules: Rules of the project about teams that traces do not name.
        team: The one team whose executions it shows; ``None`` shows all.
        audit_head: Hash of the audit's last entry as the last commit remembers it; empty where it remembers none.
    """

    def __init__(self, vault: Path, version: int, tables: Mapping[str, LiveTable], audit_head: str = "") -> None:
        self.audit_head = audit_head
        self.task_rules: tuple[TaskRule, ...] = ()
        self.team_rules: tuple[TeamRule, ...] = ()
        self.team: str | None = None
        self.vault = vault
        self.version = version
        self._tables = tables

    @classmethod
    def pin(cls, vault: Path) -> Snapshot:
        """The snapshot of this moment.

        Tables are opened one after the other; a commit in between is noticed and the pinning repeated. What the last
        commit promises for the other tables counts as done: its writer is about to do it, or was killed.

        Raises:
            VaultError: if a log cannot be read.
        """
        for _ in range(_ATTEMPTS):
            executions = LiveTable(vault, EXECUTIONS)
            tables = {table.name: LiveTable(vault, table) for table in TABLES if table is not EXECUTIONS}
            if LiveTable(vault, EXECUTIONS).version != executions.version:
                continue
            promise = last_promise(executions)
            for name, change in promise.open_for(tables).items():
                tables[name] = tables[name].as_if(change.add, change.remove)
            return cls(vault, executions.transaction(), {EXECUTIONS.name: executions, **tables}, promise.audit)
        raise VaultError("the vault changes faster than it can be opened", where=str(vault), hint="try again")

    def of_team(self, team: str) -> Snapshot:
        """The same snapshot with the executions of one team only, and nothing of other teams in any answer."""
        narrowed = Snapshot(self.vault, self.version, self._tables, self.audit_head)
        narrowed.task_rules, narrowed.team_rules, narrowed.team = self.task_rules, self.team_rules, team
        return narrowed

    def live(self, table: Table) -> LiveTable:
        """One table as pinned."""
        return self._tables[table.name]

    @cached_property
    def basis(self) -> str:
        """Digest of the files that hold what was harvested and told: equal means that every answer is the same."""
        names = [f"{table.name}/{name}" for table in HARVESTED for name in sorted(self.live(table).files())]
        if self.team_rules or self.team is not None:
            names.append(codec.encode([self.team_rules, self.team]))
        return digest("\n".join(names), size=16)

    def read(self, table: Table, columns: list[str] | None = None) -> pa.Table:
        """The rows of one table as they lie, without the views' rules."""
        return self.live(table).read(columns)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return _connect(self)
        except duckdb.Error as problem:
            raise self._unreadable(problem) from problem

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query over the snapshot.

        Args:
            query: One SELECT in DuckDB's SQL over the views ``executions``, ``decisions``, ``execution_totals``,
                ``paths``, ``sources``, ``quarantine``, ``outcomes``, ``insights``, ``proposals``, ``decayed``,
                ``pressure``, ``vitals``, ``firings``, ``firing_outcomes``.
            parameters: Values for the ``?`` of the query.

        Raises:
            UsageError: if it is no SELECT, or DuckDB refuses it.
            VaultError: if a file of the vault is missing or damaged.
        """
        with self._asking(query) as connection:
            result: pa.Table = connection.sql(query, params=list(parameters)).to_arrow_table()
        return result

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query, as ``sql`` and ``to_pylist`` give them, without loading Arrow for a few of them.

        Raises:
            UsageError, VaultError: as ``sql``.
        """
        with self._asking(query) as connection:
            answer = connection.sql(query, params=list(parameters))
            if not any(kind in str(column) for column in answer.types for kind in _OTHERWISE):
                found: list[tuple[Any, ...]] = answer.fetchall()
                return found
            columns = [column.to_pylist() for column in answer.to_arrow_table().columns]
        return list(zip(*columns, strict=True))

    @contextmanager
    def _asking(self, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        connection = self._connection
        try:
            statements = duckdb.extract_statements(query)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise UsageError("only one SELECT can be asked of a vault", hint="write one query that reads")
            yield connection
        except duckdb.Error as problem:
            if isinstance(problem, duckdb.IOException) or str(self.vault.resolve()) in str(problem):
                raise self._unreadable(problem) from problem
            raise UsageError(
                _first_line(problem), hint="soma vault info names the tables; docs/rows.md their columns"
            ) from problem

    def _unreadable(self, problem: Exception) -> VaultError:
        return VaultError(f"the vault cannot be read: {_first_line(problem)}", where=str(self.vault))

    @cached_property
    def executions(self) -> pl.LazyFrame:
        """All visible executions, labels from outside applied, with what the pressure engine kept of each."""
        import polars as pl

        return pl.DataFrame(self.sql("SELECT * FROM executions ORDER BY execution_id")).lazy()

    @cached_property
    def decisions(self) -> pl.LazyFrame:
        """All visible decisions, scanned lazily from the pinned files."""
        import polars as pl

        keys = pl.DataFrame(self.sql("SELECT execution_id, reading FROM visible ORDER BY execution_id"))
        paths = self.live(DECISIONS).paths()
        if not paths:
            return pl.DataFrame(DECISIONS.arrow().empty_table()).lazy().drop("reading")
        rows = pl.scan_parquet(paths, glob=False)
        return rows.join(keys.lazy(), on=["execution_id", "reading"], how="semi").drop("reading")


def _connect(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:")
    vault = snapshot.vault.resolve()
    files_of_all = [path for table in TABLES for path in _paths(snapshot, table)]
    # From here on the connection can read the files of this snapshot and nothing else (not even the vault's key),
    # whatever a query says. What does not fit into memory goes where only the vault's owner can look.
    for setting in (
        f"SET temp_directory = {_quoted(str(vault / 'spill'))}",
        f"SET allowed_paths = {_list(files_of_all)}",
        "SET enable_external_access = false",
        "SET TimeZone = 'UTC'",
        "SET preserve_insertion_order = true",
        # DuckDB draws it on stdout, terminal or not, where the answer of --json goes.
        "SET enable_progress_bar = false",
    ):
        connection.execute(setting)
    limit = memory_limit()
    if limit is not None:
        connection.execute(f"SET memory_limit = {_quoted(limit)}")
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table.name}_stored AS {_scan(snapshot, table)}")
    for views in ("views.sql", "paths.sql"):
        connection.execute(files("soma.vault").joinpath(views).read_text())
    place_teams(connection, snapshot.team_rules, snapshot.team)
    connection.execute("SET lock_configuration = true")
    return connection


def _scan(snapshot: Snapshot, table: Table) -> str:
    paths = _paths(snapshot, table)
    columns = table.duckdb_types()
    if not paths:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
        return f"SELECT {nothing} WHERE false"
    return f"SELECT {', '.join(columns)} FROM read_parquet({_list(paths)}, union_by_name = true)"  # noqa: S608


def _paths(snapshot: Snapshot, table: Table) -> list[str]:
    return [str(Path(path).resolve()) for path in snapshot.live(table).paths()]


def _list(texts: list[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:300]


def table_named(name: str) -> Table:
    """The table of that name.

    Raises:
        UsageError: if there is none.
    """
    if name not in BY_NAME:
        raise UsageError(f"there is no table {name!r}", hint="tables: " + ", ".join(sorted(BY_NAME)))
    return BY_NAME[name]
