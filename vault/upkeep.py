"""Tidying a vault: fewer and better laid out files, and deletion of files nothing refers to any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soma.errors import UsageError
from soma.schema import DECISIONS, EXECUTIONS, TABLES, Table

from .delta import LiveTable
from .fragment import Fragment, write_fragment
from .storage import Storage
from .writer import Writer

if TYPE_CHECKING:
    import pyarrow as pa

FILE_ROWS = 1_000_000
DEFAULT_RETENTION_HOURS = 7 * 24
"""Longer than any harvest or report runs: files a running reader has pinned are never deleted under it."""


class TableCompacted(msgspec.Struct, frozen=True, rename="camel"):
    """One table before and after."""

    table: str
    files_before: int
    files_after: int
    rows_before: int
    rows_after: int


class Compacted(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What ``soma vault compact`` did."""

    schema: str = "soma.vault.compact"
    schema_version: int = 1
    tables: list[TableCompacted]


class Vacuumed(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What ``soma vault vacuum`` deleted, or would delete."""

    schema: str = "soma.vault.vacuum"
    schema_version: int = 1
    retention_hours: int
    dry_run: bool
    files: int
    bytes: int


def compact(writer: Writer) -> Compacted:
    """Rewrite tables that have many files, or decisions nobody can see, into few files in the table's order.

    Rows do not change. Readers that pinned the older files keep reading them until ``vacuum``.

    Raises:
        VaultError: if a file is damaged or the disk refuses; the table then stays as it was.
    """
    done = []
    for table in TABLES:
        live = LiveTable(writer.storage, table)
        before = live.files()
        # What is rewritten gets a new digest: damage must not be given one.
        rows = live.read(verify=True)
        rows_before = rows.num_rows
        if table is DECISIONS:
            rows = _visible(rows, LiveTable(writer.storage, EXECUTIONS).read(["execution_id", "reading"]))
        if len(before) > max(1, -(-rows.num_rows // FILE_ROWS)) or rows.num_rows != rows_before:
            written = _write(writer.storage, table, rows)
            with writer.lock.committing():
                live.commit(
                    written, list(before), transaction=writer.stamp, metadata=live.metadata(), data_change=False
                )
            after = len(written)
        else:
            after = len(before)
        done.append(TableCompacted(table.path, len(before), after, rows_before, rows.num_rows))
    return Compacted(tables=done)


def _visible(decisions: pa.Table, executions: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    return decisions.filter(pc.is_in(_readings(decisions), value_set=_readings(executions)))


def _readings(rows: pa.Table) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(rows["reading"].cast(pa.string()), rows["execution_id"], " ")


def _write(storage: Storage, table: Table, rows: pa.Table) -> list[Fragment]:
    rows = rows.sort_by([(column, "ascending") for column in table.order])
    return [
        write_fragment(storage, table, rows.slice(start, FILE_ROWS), "compact")
        for start in range(0, rows.num_rows, FILE_ROWS)
    ]


def vacuum(writer: Writer, *, retention_hours: int = DEFAULT_RETENTION_HOURS, dry_run: bool = False) -> Vacuumed:
    """Delete files that no version inside the retention refers to, those of killed writers included.

    Args:
        writer: Holds the vault, so that no harvest is between writing a file and committing it.
        retention_hours: Files younger than this stay even when nothing refers to them.
        dry_run: Only count.

    Raises:
        UsageError: if files that a writer may still need would be deleted.
    """
    if retention_hours < (least := writer.storage.least_retention_hours):
        raise UsageError(
            f"in a vault on S3 files must be kept for {least} hours at least: a writer that was followed may still be "
            "about to refer to them", hint=f"soma vault vacuum --retention-hours {least}",
        )  # fmt: skip
    files = size = 0
    for table in TABLES:
        live = LiveTable(writer.storage, table)
        for name in live.vacuum(retention_hours, dry_run=True):
            if (bytes_ := writer.storage.size(f"{table.path}/{name}")) is not None:
                files += 1
                size += bytes_
        if not dry_run:
            live.vacuum(retention_hours, dry_run=False)
    return Vacuumed(retention_hours=retention_hours, dry_run=dry_run, files=files, bytes=size)
