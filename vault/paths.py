"""The paths that are not stored yet, made column by column: the rows of the view ``paths_missing``, sooner.

The view says what a path is, to every engine; this is for storing many of them, here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soma.columns import array_of, numbers_of
from soma.schema import PATHS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from .snapshot import Snapshot

    Ints = NDArray[np.int64]

_VIEW = "SELECT * FROM paths_missing ORDER BY execution_id NULLS LAST"
_UNSTORED = "SELECT execution_id, reading FROM paths_unstored ORDER BY execution_id NULLS LAST"
_CHOSEN = """
SELECT
    d.execution_id,
    d.step,
    d.decision_id,
    regexp_replace(d.action, '[_-][0-9]+$', '') AS action,
    d.outcome,
    d.duration_ms
FROM decisions_stored AS d
SEMI JOIN paths_unstored AS u ON u.execution_id = d.execution_id AND u.reading = d.reading
WHERE d.kind NOT IN ('failure', 'guard')"""


def missing_paths(snapshot: Snapshot) -> pa.Table:
    """What ``snapshot`` shows but does not keep, in the order of executions."""
    if snapshot.engine is not None:
        return snapshot.sql(_VIEW).cast(PATHS.arrow())
    unstored = snapshot.sql(_UNSTORED)
    chosen = snapshot.sql(_CHOSEN)
    if not chosen.num_rows or any(chosen[name].null_count for name in ("step", "decision_id", "action")):
        # Rows that no harvest writes: what becomes of them is the view's business.
        return snapshot.sql(_VIEW).cast(PATHS.arrow())
    return _paths(unstored, chosen)


def _paths(unstored: pa.Table, chosen: pa.Table) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    owners = _ints(pc.index_in(chosen["execution_id"], value_set=unstored["execution_id"].combine_chunks()))
    order = _order(owners, chosen)
    owners, actions = owners[order], _codes(chosen["action"])[order]
    opens = np.ones(len(order), dtype=np.bool_)
    opens[1:] = (owners[1:] != owners[:-1]) | (actions[1:] != actions[:-1])
    firsts = opens.nonzero()[0]
    first = array_of(order[firsts])
    ends = np.cumsum(np.bincount(owners[firsts], minlength=unstored.num_rows))
    offsets = array_of(np.concatenate(([0], ends))).cast(pa.int32())
    places = {
        "actions": chosen["action"].take(first).combine_chunks(),
        "decision_ids": chosen["decision_id"].take(first).combine_chunks(),
        "decisions": array_of(np.diff(firsts, append=len(order))),
        "failed": _counted(chosen["outcome"], "failed", order, firsts),
        "timeouts": _counted(chosen["outcome"], "timeout", order, firsts),
        "durations_ms": chosen["duration_ms"].take(first).combine_chunks(),
    }
    lists = {name: pa.ListArray.from_arrays(offsets, column) for name, column in places.items()}
    columns = {"execution_id": unstored["execution_id"], "reading": unstored["reading"], **lists}
    return pa.table(columns).select(PATHS.arrow().names).cast(PATHS.arrow())


def _order(owners: Ints, chosen: pa.Table) -> Ints:
    """The decisions of each execution together, in their order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    steps = _ints(chosen["step"])
    order: Ints = np.lexsort((steps, owners))
    owner, step = owners[order], steps[order]
    if not ((owner[1:] == owner[:-1]) & (step[1:] == step[:-1])).any():
        return order
    keys = pa.table({"owner": array_of(owners), "step": chosen["step"], "id": chosen["decision_id"]})
    return _ints(pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names]))


def _counted(outcomes: pa.ChunkedArray, outcome: str, order: Ints, firsts: Ints) -> pa.Array:
    """At each place, how many decisions ended so."""
    import numpy as np
    import pyarrow.compute as pc

    ended = _ints(pc.cast(pc.fill_null(pc.equal(outcomes, outcome), False), "int8"))[order]
    before = np.concatenate(([0], np.cumsum(ended)))
    many = np.diff(before[np.append(firsts, len(order))])
    return array_of(many)


def _codes(column: pa.ChunkedArray) -> Ints:
    """Equal numbers for equal texts."""
    import pyarrow as pa

    encoded = column.dictionary_encode().unify_dictionaries()
    return _ints(pa.chunked_array([chunk.indices for chunk in encoded.chunks]))


def _ints(column: pa.ChunkedArray | pa.Array) -> Ints:
    import numpy as np
    import pyarrow as pa

    return numbers_of(column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])).astype(np.int64)
