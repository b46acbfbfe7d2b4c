"""Parquet files that belong to no table yet: written anywhere, by any process, and committed later or never."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soma import codec, files
from soma.errors import VaultError
from soma.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa

_ROW_GROUP = 64 * 1024
_STATISTICS = ("execution_id", "agent_id", "source_id", "decision_id")


class Fragment(msgspec.Struct, frozen=True):
    """A written file.

    Attributes:
        name: File name inside the table's folder.
        rows: How many rows it holds.
        size: Its bytes.
        stats: Delta statistics as JSON: row count, smallest and largest value of the key columns.
    """

    name: str
    rows: int
    size: int
    stats: str


def write_fragment(vault: Path, table: Table, rows: pa.Table, purpose: str = "part") -> Fragment:
    """Write ``rows``, laid out in the table's order, as a new private file that is on disk when this returns.

    Raises:
        VaultError: if the disk is full or the folder read-only; nothing is left behind then.
    """
    rows = rows.select(table.arrow().names).cast(table.arrow())
    rows = rows.sort_by([(column, "ascending") for column in table.order])
    folder = vault / table.path
    name = f"{purpose}-{secrets.token_hex(12)}.parquet"
    try:
        files.make_private_folder(folder)
        size = _write(folder / name, rows)
    except OSError as problem:
        raise VaultError(
            f"a file of the vault cannot be written: {problem.strerror or problem}",
            where=str(folder),
            hint="check that the disk is not full or read-only, then run the command again",
        ) from problem
    return Fragment(name, rows.num_rows, size, codec.encode(_stats(rows)))


def _write(path: Path, rows: pa.Table) -> int:
    import pyarrow.parquet as pq

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE_FILE)
    written = False
    try:
        with os.fdopen(handle, "wb") as stream:
            pq.write_table(
                rows,
                stream,
                compression="zstd",
                compression_level=3,
                row_group_size=_ROW_GROUP,
                write_page_checksum=True,
            )
            stream.flush()
            os.fsync(stream.fileno())
            size = stream.tell()
        written = True
    finally:
        if not written:
            path.unlink(missing_ok=True)
    return size


def _stats(rows: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    low: dict[str, str] = {}
    high: dict[str, str] = {}
    for name in _STATISTICS:
        if name in rows.column_names and rows.num_rows:
            edge = pc.min_max(rows[name])
            low[name], high[name] = edge["min"].as_py(), edge["max"].as_py()
    return {"numRecords": rows.num_rows, "minValues": low, "maxValues": high, "nullCount": {}}
