"""DuckDB over the files of one snapshot, and over nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soma.schema import TABLES, Table

from .memory import memory_limit
from .teams import place_teams
from .views import Views

if TYPE_CHECKING:
    import duckdb

    from .snapshot import Snapshot


def connect(snapshot: Snapshot, up_to: int | None, all_stored: bool) -> tuple[duckdb.DuckDBPyConnection, Views]:
    """A database in memory that sees this snapshot, and its views.

    Args:
        snapshot: Whose files.
        up_to: Paths that are not stored are those of readings up to this one; ``None`` for all.
        all_stored: No path is left that is not stored.

    Raises:
        duckdb.Error: if a file cannot be read.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    vault = snapshot.storage.folder("").resolve()
    found = snapshot.storage.each(snapshot.paths, TABLES)
    files_of_all = [path for paths in found for path in paths]
    # From here on the connection can read the files of this snapshot and nothing else (not even the vault's key),
    # whatever a query says. What does not fit into memory goes where only the vault's owner can look.
    for setting in (
        f"SET temp_directory = {_quoted(str(vault / 'spill'))}",
        f"SET allowed_paths = {_list(files_of_all)}",
        "SET enable_external_access = false",
        # A name that is no view would be looked for among this program's variables.
        "SET python_enable_replacements = false",
        "SET TimeZone = 'UTC'",
        "SET preserve_insertion_order = true",
        # DuckDB draws it on stdout, terminal or not, where the answer of --json goes.
        "SET enable_progress_bar = false",
    ):
        connection.execute(setting)
    limit = memory_limit()
    if limit is not None:
        connection.execute(f"SET memory_limit = {_quoted(limit)}")
    connection.execute("SET lock_configuration = true")
    stored = {f"{table.name}_stored": _scan(table, paths) for table, paths in zip(TABLES, found, strict=True)}
    views = Views(connection, stored)
    place_teams(connection, views, snapshot.team_rules, snapshot.team)
    if up_to is not None:
        views.narrow("paths_unstored", f"v.reading <= {int(up_to)}")
    elif all_stored:
        views.narrow("paths_unstored", "false")
    return connection, views


def _scan(table: Table, paths: list[str]) -> str:
    if not paths:
        return no_rows(table)
    columns = table.duckdb_types()
    return f"SELECT {', '.join(columns)} FROM read_parquet({_list(paths)}, union_by_name = true)"  # noqa: S608


def no_rows(table: Table) -> str:
    """A query with the columns of ``table`` and no rows."""
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in table.duckdb_types().items())
    return f"SELECT {nothing} WHERE false"


def _list(texts: list[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
