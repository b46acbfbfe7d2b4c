"""One version of the vault, pinned by the files it consists of, readable with DuckDB, Polars and Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soma.errors import UsageError, VaultError
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, TABLES, Table

from .delta import LiveTable

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

_ATTEMPTS = 20


class Snapshot:
    """The live files of every table at one moment.

    Attributes:
        version: Number of the harvest commit it shows; 0 for an empty vault.
        vault: The vault's folder.
    """

    def __init__(self, vault: Path, version: int, tables: Mapping[str, LiveTable]) -> None:
        self.vault = vault
        self.version = version
        self._tables = tables

    @classmethod
    def pin(cls, vault: Path) -> Snapshot:
        """The snapshot of this moment.

        Tables are opened one after the other; a commit in between is noticed and the pinning repeated.
        """
        for _ in range(_ATTEMPTS):
            executions = LiveTable(vault, EXECUTIONS)
            tables = {table.name: LiveTable(vault, table) for table in TABLES if table is not EXECUTIONS}
            if LiveTable(vault, EXECUTIONS).version == executions.version:
                return cls(vault, executions.transaction(), {EXECUTIONS.name: executions, **tables})
        raise VaultError("the vault changes faster than it can be opened", where=str(vault), hint="try again")

    def live(self, table: Table) -> LiveTable:
        """One table as pinned."""
        return self._tables[table.name]

    def read(self, table: Table, columns: list[str] | None = None) -> pa.Table:
        """The rows of one table as they lie, without the views' rules."""
        return self.live(table).read(columns)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A private DuckDB that sees this snapshot and no other file: views ``executions``, ``decisions`` and the tables."""
        import duckdb

        try:
            return _connect(self)
        except duckdb.Error as problem:
            raise VaultError(f"the vault cannot be read: {_first_line(problem)}", where=str(self.vault)) from problem

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one query over the snapshot.

        Args:
            query: DuckDB SQL over the views ``executions``, ``decisions``, ``sources``, ``quarantine``, ``outcomes``, ``insights``.
            parameters: Values for the ``?`` of the query.

        Raises:
            UsageError: if DuckDB refuses the query.
            VaultError: if a file of the vault is missing or damaged.
        """
        import duckdb
        import pyarrow as pa

        try:
            relation = self.connection.sql(query, params=list(parameters))
            result = pa.table({}) if relation is None else relation.to_arrow_table()
        except (duckdb.IOException, duckdb.InvalidInputException) as problem:
            raise VaultError(f"the vault cannot be read: {_first_line(problem)}", where=str(self.vault)) from problem
        except duckdb.Error as problem:
            raise UsageError(_first_line(problem), hint="soma vault info names the tables; docs/rows.md their columns") from problem
        return result

    @cached_property
    def executions(self) -> pl.LazyFrame:
        """All visible executions, labels from outside applied."""
        import polars as pl

        return pl.DataFrame(self.sql("SELECT * FROM executions ORDER BY execution_id")).lazy()

    @cached_property
    def decisions(self) -> pl.LazyFrame:
        """All visible decisions, scanned lazily from the pinned files."""
        import polars as pl

        keys = pl.DataFrame(self.sql("SELECT execution_id, reading FROM visible ORDER BY execution_id"))
        paths = self.live(DECISIONS).paths()
        if not paths:
            empty = pl.DataFrame(DECISIONS.arrow().empty_table())
            return empty.lazy().drop("reading")
        rows = pl.scan_parquet(paths, glob=False)
        return rows.join(keys.lazy(), on=["execution_id", "reading"], how="semi").drop("reading")


def _connect(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:")
    folder = _quoted(str(snapshot.vault.resolve()) + "/")
    # From here on the connection can read the vault and nothing else, whatever a query says.
    for setting in (f"SET allowed_directories = [{folder}]", "SET enable_external_access = false",
                    "SET TimeZone = 'UTC'", "SET preserve_insertion_order = true"):  # fmt: skip
        connection.execute(setting)
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table.name}_stored AS {_scan(snapshot, table)}")
    connection.execute(files("soma.vault").joinpath("views.sql").read_text())
    connection.execute("SET lock_configuration = true")
    return connection


def _scan(snapshot: Snapshot, table: Table) -> str:
    paths = [str(Path(path).resolve()) for path in snapshot.live(table).paths()]
    columns = table.duckdb_types()
    if not paths:
        return "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()) + " WHERE false"
    listed = ", ".join(_quoted(path) for path in paths)
    return f"SELECT {', '.join(columns)} FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().splitlines()[0][:300]


def table_named(name: str) -> Table:
    """The table of that name.

    Raises:
        UsageError: if there is none.
    """
    if name not in BY_NAME:
        raise UsageError(f"there is no table {name!r}", hint="tables: " + ", ".join(sorted(BY_NAME)))
    return BY_NAME[name]
