"""Rows made from other rows: the paths of executions. They can be made again at any time: nothing is lost with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soma.schema import PATHS

from .snapshot import Snapshot
from .writer import Changes

if TYPE_CHECKING:
    import pyarrow as pa

_STALE = 2


def add_missing_paths(snapshot: Snapshot, changes: Changes) -> int:
    """Add to ``changes`` the paths that the snapshot shows but does not keep yet; returns how many.

    The caller holds the vault for writing, so that no two add the same. Paths of readings that nobody sees any more
    stay until they are most of the table: they are seen by no query.
    """
    missing: pa.Table = snapshot.sql("SELECT * FROM paths_missing ORDER BY execution_id NULLS LAST")
    stored = sum(snapshot.live(PATHS).files().values())
    visible = int(snapshot.sql("SELECT CAST(count(*) AS BIGINT) AS n FROM visible")["n"][0].as_py())
    if stored + missing.num_rows > _STALE * visible:
        current = snapshot.sql("SELECT * FROM paths_kept ORDER BY execution_id NULLS LAST")
        old = set(snapshot.read(PATHS, ["execution_id"])["execution_id"].to_pylist())
        changes.add(PATHS, "execution_id", old, _together(current, missing))
    elif missing.num_rows:
        changes.add(PATHS, "execution_id", set(), missing)
    return int(missing.num_rows)


def _together(current: pa.Table, missing: pa.Table) -> pa.Table:
    import pyarrow as pa

    schema = PATHS.arrow()
    return pa.concat_tables([current.cast(schema), missing.cast(schema)])
