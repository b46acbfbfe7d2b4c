"""One version of the vault, pinned by the files it consists of, readable with DuckDB, Polars and Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from soma import clock, codec
from soma.config import TaskRule, TeamRule
from soma.errors import UsageError, VaultError
from soma.identity import digest
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, HARVESTED, TABLES, Table

from .connection import connect
from .delta import LiveTable, live_tables
from .promise import last_promise
from .storage import Storage

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

    from .views import Views

_ATTEMPTS = 20


class SqlEngine(Protocol):
    """Something else than DuckDB that answers the queries of the jobs: see ``soma.engine.queries``."""

    def sql(self, snapshot: Snapshot, query: str, parameters: Sequence[object]) -> pa.Table:
        """The same rows, in the same order and types, as DuckDB answers over the files of ``snapshot``."""
        ...


# Types whose values DuckDB and Arrow hand to Python in different forms.
_OTHERWISE = ("MAP", "HUGEINT", "DECIMAL", "STRUCT", "BLOB", "TIMESTAMP", "DATE", "TIME", "INTERVAL", "UUID")
_OPEN_S = 3600.0


class Snapshot:
    """The live files of every table at one moment.

    Attributes:
        engine: What answers the queries of the jobs; ``None`` is DuckDB, here.
        version: Number of the harvest commit it shows; 0 for an empty vault.
        storage: Where the vault lies.
        task_rules: Rules of the project about which executions attempt which task; whoever asks sets them.
        team_rules: Rules of the project about teams that traces do not name.
        team: The one team whose executions it shows; ``None`` shows all.
        audit_head: Hash of the audit's last entry as the last commit remembers it; empty where it remembers none.
    """

    def __init__(self, storage: Storage, version: int, tables: Mapping[str, LiveTable], audit_head: str = "") -> None:
        self.audit_head = audit_head
        self.engine: SqlEngine | None = None
        self.task_rules: tuple[TaskRule, ...] = ()
        self.team_rules: tuple[TeamRule, ...] = ()
        self.team: str | None = None
        self.storage = storage
        self.version = version
        self._tables = tables
        self._up_to: int | None = None
        self._all_stored = False
        self._opened = clock.stopwatch()

    @property
    def vault(self) -> Path:
        """The vault's folder.

        Raises:
            UsageError: if it lies on S3.
        """
        return self.storage.path

    @classmethod
    def pin(cls, storage: Storage) -> Snapshot:
        """The snapshot of this moment.

        Tables are opened one after the other; a commit in between is noticed and the pinning repeated. What the last
        commit promises for the other tables counts as done: its writer is about to do it, or was killed.

        Raises:
            VaultError: if a log cannot be read.
        """
        for _ in range(_ATTEMPTS):
            executions = LiveTable(storage, EXECUTIONS)
            others = [table for table in TABLES if table is not EXECUTIONS]
            tables = {live.table.name: live for live in live_tables(storage, others)}
            if executions.passed():
                continue
            promise = last_promise(executions)
            for name, change in promise.open_for(tables).items():
                tables[name] = tables[name].as_if(change.add, change.remove)
            return cls(storage, executions.transaction(), {EXECUTIONS.name: executions, **tables}, promise.audit)
        raise VaultError("the vault changes faster than it can be opened", where=storage.address, hint="try again")

    def of_team(self, team: str) -> Snapshot:
        """The same snapshot with the executions of one team only, and nothing of other teams in any answer."""
        narrowed = self._again(self.engine)
        narrowed.team = team
        return narrowed

    def up_to(self, reading: int) -> Snapshot:
        """The same snapshot without an engine, where paths that are not stored are those of readings up to this one."""
        early = self._again(None)
        early._up_to = reading
        return early

    def settled(self) -> Snapshot:
        """The same snapshot; where all its paths are stored, which is looked up now, no query looks for others."""
        if self.engine is not None or self.rows("SELECT 1 FROM paths_unstored LIMIT 1"):
            return self
        other = self._again(None)
        other._all_stored = True
        return other

    def local(self) -> Snapshot:
        """The same snapshot without an engine, for queries in any SQL that DuckDB reads."""
        return self if self.engine is None else self._again(None)

    def _again(self, engine: SqlEngine | None) -> Snapshot:
        other = Snapshot(self.storage, self.version, self._tables, self.audit_head)
        other.engine, other.team = engine, self.team
        other.task_rules, other.team_rules = self.task_rules, self.team_rules
        other._all_stored = self._all_stored
        return other

    def live(self, table: Table) -> LiveTable:
        """One table as pinned."""
        return self._tables[table.name]

    def paths(self, table: Table) -> list[str]:
        """Where the pinned files of one table lie, for whatever reads them."""
        return [str(Path(path).resolve()) for path in self.live(table).paths()]

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
    def _connected(self) -> tuple[duckdb.DuckDBPyConnection, Views]:
        import duckdb

        try:
            return connect(self, self._up_to, self._all_stored)
        except duckdb.Error as problem:
            raise self._unreadable(problem) from problem

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query over the snapshot.

        With an engine the query must keep to what every engine understands alike (``docs/design/engines.md``).

        Args:
            query: One SELECT in DuckDB's SQL over the views ``executions``, ``decisions``, ``execution_totals``,
                ``paths``, ``sources``, ``quarantine``, ``outcomes``, ``insights``, ``proposals``, ``decayed``,
                ``pressure``, ``vitals``, ``firings``, ``firing_outcomes``.
            parameters: Values for the ``?`` of the query.

        Raises:
            UsageError: if it is no SELECT, or DuckDB refuses it.
            VaultError: if a file of the vault is missing or damaged.
        """
        if self.engine is not None:
            return self.engine.sql(self, query, parameters)
        with self._asking(query, parameters) as asked:
            result: pa.Table = asked.to_arrow_table()
        return result

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query, as ``sql`` and ``to_pylist`` give them, without loading Arrow for a few of them.

        Raises:
            UsageError, VaultError: as ``sql``.
        """
        if self.engine is not None:
            answered = self.engine.sql(self, query, parameters)
            return list(zip(*(column.to_pylist() for column in answered.columns), strict=True))
        with self._asking(query, parameters) as answer:
            if not any(kind in str(column) for column in answer.types for kind in _OTHERWISE):
                found: list[tuple[Any, ...]] = answer.fetchall()
                return found
            columns = [column.to_pylist() for column in answer.to_arrow_table().columns]
        return list(zip(*columns, strict=True))

    @contextmanager
    def _asking(self, query: str, parameters: Sequence[object]) -> Iterator[duckdb.DuckDBPyRelation]:
        import duckdb

        connection, views = self._connected
        self._ready()
        try:
            # Asked of the connection: the module would open another database to answer.
            statements = connection.extract_statements(query)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise UsageError("only one SELECT can be asked of a vault", hint="write one query that reads")
            views.make_for(query)
            given = list(parameters)
            try:
                answer = connection.sql(query, params=given)
            except duckdb.CatalogException:
                # It may name a view in a way that cannot be seen from its text.
                if not views.make_all():
                    raise
                answer = connection.sql(query, params=given)
            yield answer
        except duckdb.Error as problem:
            if isinstance(problem, duckdb.IOException) or str(self.storage.folder("").resolve()) in str(problem):
                raise self._unreadable(problem) from problem
            raise UsageError(
                _first_line(problem), hint="soma vault info names the tables; docs/rows.md their columns"
            ) from problem

    def _unreadable(self, problem: Exception) -> VaultError:
        return VaultError(f"the vault cannot be read: {_first_line(problem)}", where=self.storage.address)

    def _ready(self) -> None:
        # Copies of files that lie elsewhere are spared for a day after their last use.
        if clock.stopwatch() - self._opened > _OPEN_S:
            self._opened = clock.stopwatch()
            for table in TABLES:
                self.live(table).paths()

    @cached_property
    def executions(self) -> pl.LazyFrame:
        """All visible executions, labels from outside applied, with what the pressure engine kept of each."""
        import polars as pl

        return pl.DataFrame(self.sql("SELECT * FROM executions ORDER BY execution_id NULLS LAST")).lazy()

    @cached_property
    def decisions(self) -> pl.LazyFrame:
        """All visible decisions, scanned lazily from the pinned files."""
        import polars as pl

        keys = pl.DataFrame(self.sql("SELECT execution_id, reading FROM visible ORDER BY execution_id NULLS LAST"))
        paths = self.live(DECISIONS).paths()
        if not paths:
            return pl.DataFrame(DECISIONS.arrow().empty_table()).lazy().drop("reading")
        rows = pl.scan_parquet(paths, glob=False)
        return rows.join(keys.lazy(), on=["execution_id", "reading"], how="semi").drop("reading")


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
