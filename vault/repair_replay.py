"""Rows of sources that no longer exist, from whatever files of their tables can still be read.

A table whose log is damaged was moved aside with all its files; which of them were live, nobody can tell any more. Nor
does it matter for sources that are still there: they are read again. Of one that is gone the ledger tells which
executions it held; readings of one execution are numbered in the order of their commits, so that the highest is the
last; and the decisions of a reading are known by its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from soma.errors import VaultError
from soma.schema import DECISIONS, EXECUTIONS, Table

from .delta import read_file
from .snapshot import Snapshot
from .storage import Storage

if TYPE_CHECKING:
    import pyarrow as pa


class Replayed(NamedTuple):
    """What was found.

    Attributes:
        executions: Executions that are whole again, in place of those with the same id.
        decisions: Their decisions, as far as the table lacks them.
    """

    executions: pa.Table
    decisions: pa.Table


class _Pool(NamedTuple):
    rows: pa.Table
    all_readable: bool


def replay(snapshot: Snapshot, gone: Mapping[str, Mapping[str, Any]], whole: set[str], *, complete: bool) -> Replayed:
    """Find what is still there of executions whose sources are gone.

    Decisions are taken where an execution has exactly as many of its reading as it says. Executions themselves are
    taken where every file of their table can be read, and the source then has as many executions and decisions as the
    ledger says: else an older reading might stand for the one that was lost.

    Args:
        snapshot: The tables after what is broken was taken out.
        gone: The ledger's rows of these sources, by source id.
        whole: Executions that lack nothing.
        complete: Whether no file of ``executions`` is known to be lost.
    """
    import duckdb

    wanted = {claim for row in gone.values() for claim in row["claims"]} - whole
    if not wanted:
        return Replayed(EXECUTIONS.arrow().empty_table(), DECISIONS.arrow().empty_table())
    executions, decisions = _pool(snapshot.storage, EXECUTIONS, wanted), _pool(snapshot.storage, DECISIONS, wanted)
    told = [(source_id, row["executions"], row["decisions"]) for source_id, row in sorted(gone.items())]
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET enable_progress_bar = false")
        for name, rows in (
            ("executions_found", executions.rows),
            ("decisions_found", decisions.rows),
            ("executions_live", snapshot.read(EXECUTIONS, ["execution_id", "reading", "source_id", "decisions"])),
            ("decisions_live", snapshot.read(DECISIONS, ["execution_id", "reading", "decision_id"])),
            ("gone", _told(told)),
        ):
            connection.register(name, rows)
        trusted = "true" if complete and executions.all_readable else "false"
        connection.execute(f"CREATE MACRO executions_complete() AS {trusted}")
        connection.execute(files("soma.vault").joinpath("replay.sql").read_text())
        return Replayed(
            connection.sql("FROM executions_kept").to_arrow_table().cast(EXECUTIONS.arrow()),
            connection.sql("FROM decisions_kept").to_arrow_table().cast(DECISIONS.arrow()),
        )


def _told(rows: list[tuple[str, int, int]]) -> pa.Table:
    import pyarrow as pa

    columns = {"source_id": pa.string(), "executions": pa.int64(), "decisions": pa.int64()}
    arrays = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(columns.values())]
    return pa.table(arrays, names=list(columns))


def _pool(storage: Storage, table: Table, wanted: set[str]) -> _Pool:
    import pyarrow as pa
    import pyarrow.compute as pc

    schema, values = table.arrow(), pa.array(sorted(wanted), pa.string())
    parts, all_readable = [schema.empty_table()], True
    for folder, name in files_ever(storage, table):
        try:
            path = storage.local(folder, [name])[0]
            rows = read_file(str(path), verify=True).select(schema.names).cast(schema)
        except (VaultError, ValueError, KeyError):
            rows = None
        if rows is None:
            all_readable = False
        else:
            parts.append(rows.filter(pc.is_in(rows["execution_id"], value_set=values)))
    return _Pool(pa.concat_tables(parts), all_readable)


def files_ever(storage: Storage, table: Table) -> Iterator[tuple[str, str]]:
    """Folder and name of every file of rows of a table, live or not, those that were set aside with it included."""
    for folder in (table.path, *storage.aside(table.path)):
        for name in storage.names(folder):
            if name.endswith(".parquet"):
                yield folder, name
