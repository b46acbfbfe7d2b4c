"""Rows made from other rows: the paths of executions. They can be made again at any time: nothing is lost with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soma.schema import PATHS

from .paths import missing_paths
from .snapshot import Snapshot
from .writer import Changes

if TYPE_CHECKING:
    import pyarrow as pa

_STALE = 2
_TOGETHER = 2_000_000
"""Decisions whose paths are made at once: lists in the making are held in memory and cannot be spilled."""
_UNTIL = """
WITH counted AS (
    SELECT
        s.reading,
        CAST(sum(s.decisions) OVER (
            ORDER BY s.reading NULLS LAST, s.execution_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) - s.decisions AS BIGINT) AS before
    FROM executions_stored AS s
    SEMI JOIN paths_unstored AS u ON u.execution_id = s.execution_id AND u.reading = s.reading
)
SELECT
    CAST(max(CASE WHEN before < CAST(? AS BIGINT) THEN reading END) AS BIGINT) AS until,
    CAST(max(reading) AS BIGINT) AS newest
FROM counted"""


class Added(NamedTuple):
    """How many paths were added, and whether there are more to come."""

    paths: int
    more: bool


def add_missing_paths(snapshot: Snapshot, changes: Changes, together: int = _TOGETHER) -> Added:
    """Add to ``changes`` paths that the snapshot shows but does not keep yet: those of the oldest readings.

    The caller holds the vault for writing, so that no two add the same. Paths of readings that nobody sees any more
    stay until they are most of the table: they are seen by no query.

    Args:
        snapshot: Of the vault as it is now.
        changes: To be committed, and then there may be more.
        together: About how many decisions are looked at; an engine looks at all of them.
    """
    more = False
    if snapshot.engine is None:
        ((until, newest),) = snapshot.rows(_UNTIL, (together,))
        snapshot, more = (snapshot.up_to(until), True) if until != newest else (snapshot, False)
    missing = missing_paths(snapshot)
    stored = sum(snapshot.live(PATHS).files().values())
    visible = int(snapshot.sql("SELECT CAST(count(*) AS BIGINT) AS n FROM visible")["n"][0].as_py())
    if stored + missing.num_rows > _STALE * visible:
        current = snapshot.sql("SELECT * FROM paths_kept ORDER BY execution_id NULLS LAST")
        old = set(snapshot.read(PATHS, ["execution_id"])["execution_id"].to_pylist())
        changes.add(PATHS, "execution_id", old, _together(current, missing))
    elif missing.num_rows:
        changes.add(PATHS, "execution_id", set(), missing)
    return Added(missing.num_rows, more)


def _together(current: pa.Table, missing: pa.Table) -> pa.Table:
    import pyarrow as pa

    schema = PATHS.arrow()
    return pa.concat_tables([current.cast(schema), missing.cast(schema)])
