"""Parquet files that belong to no table yet: written anywhere, by any process, and committed later or never.

A file's name ends with a digest of its bytes. The checksums of parquet cover the values of its pages only: its headers
and footer, where the statistics stand by which engines skip rows, have none. A name is kept by the log, by its
checkpoints and where there is no log any more.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from soma import codec, files
from soma.errors import VaultError
from soma.schema import RESULTS, Table

from . import invariants
from .storage import Storage, storage_of

if TYPE_CHECKING:
    import pyarrow as pa

_ROW_GROUP = 64 * 1024
# Kept answers are looked up one at a time and some are long: a reader skips the groups of the others.
_GROUP_BYTES = {RESULTS.name: 1 << 20}
_STATISTICS = ("execution_id", "agent_id", "source_id", "decision_id")
_UNIQUE_BYTES = 12
_DIGEST_DIGITS = 32
_NAMED_BY_CONTENT = re.compile(rf"[a-z]+-[0-9a-f]{{{2 * _UNIQUE_BYTES}}}([0-9a-f]{{{_DIGEST_DIGITS}}})\.parquet")


class Fragment(msgspec.Struct, frozen=True):
    """A written file.

    Attributes:
        name: File name inside the table's folder: a purpose, a random number and a digest of the file's bytes.
        rows: How many rows it holds.
        size: Its bytes.
        stats: Delta statistics as JSON: row count, smallest and largest value of the key columns.
    """

    name: str
    rows: int
    size: int
    stats: str


def write_fragment(vault: Storage | Path, table: Table, rows: pa.Table, purpose: str = "part") -> Fragment:
    """Write ``rows``, laid out in the table's order, as a new private file that is on disk when this returns.

    In a vault on S3 it then lies in the bucket, and a copy on this machine.

    Raises:
        VaultError: if the rows break a rule of the table (``soma.vault.invariants``), the disk is full or the folder
            read-only; nothing is left behind then.
    """
    invariants.require(table, rows)
    rows = rows.select(table.arrow().names).cast(table.arrow())
    rows = rows.sort_by([(column, "ascending") for column in table.order])
    storage = storage_of(vault)
    folder = storage.folder(table.path)
    try:
        files.make_private_folder(folder)
        path, size = _write(folder, f"{purpose}-{secrets.token_hex(_UNIQUE_BYTES)}", rows, _group(table, rows))
    except OSError as problem:
        raise VaultError(
            f"a file of the vault cannot be written: {problem.strerror or problem}",
            where=str(folder),
            hint="check that the disk is not full or read-only, then run the command again",
        ) from problem
    storage.publish(table.path, path.name)
    return Fragment(path.name, rows.num_rows, size, codec.encode(_stats(rows)))


def told_digest(name: str) -> str | None:
    """The digest that a file's name says it has; ``None`` for files that were not written by ``write_fragment``."""
    match = _NAMED_BY_CONTENT.fullmatch(name)
    return match[1] if match else None


def found_digest(path: Path) -> str:
    """The digest a file has: the first 32 hex digits of its SHA-256 (FIPS 180-4).

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGEST_DIGITS]


def altered(path: Path, name: str | None = None) -> bool:
    """Whether a file's bytes are others than its name tells; false for a missing one and where the name tells nothing.

    Args:
        path: The file.
        name: The name it is to get, where it has another one yet.

    Raises:
        VaultError: if it cannot be read.
    """
    told = told_digest(name or path.name)
    try:
        return told is not None and found_digest(path) != told
    except FileNotFoundError:
        return False
    except OSError as problem:
        raise VaultError(f"a file of the vault cannot be read: {problem.strerror}", where=str(path)) from problem


def _group(table: Table, rows: pa.Table) -> int:
    """How many rows a row group has at most."""
    wanted = _GROUP_BYTES.get(table.name)
    return _ROW_GROUP if wanted is None else max(1, min(_ROW_GROUP, wanted * rows.num_rows // max(1, rows.nbytes)))


def _write(folder: Path, name: str, rows: pa.Table, group: int) -> tuple[Path, int]:
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE_FILE)
    written = False
    try:
        with os.fdopen(handle, "wb") as stream:
            pq.write_table(
                rows,
                stream,
                compression="zstd",
                compression_level=1,
                row_group_size=group,
                write_page_checksum=True,
            )
            size = stream.tell()
        path = path.rename(folder / f"{name}{found_digest(path)}.parquet")
        # After the new name, which so comes to the disk together with the bytes.
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
        written = True
    finally:
        if not written:
            path.unlink(missing_ok=True)
    return path, size


def _stats(rows: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    low: dict[str, str] = {}
    high: dict[str, str] = {}
    for name in _STATISTICS:
        if name in rows.column_names and rows.num_rows:
            edge = pc.min_max(rows[name])
            low[name], high[name] = edge["min"].as_py(), edge["max"].as_py()
    return {"numRecords": rows.num_rows, "minValues": low, "maxValues": high, "nullCount": {}}
