"""Which source each execution of the vault came from, and what may be replaced by a new reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soma.schema import EXECUTIONS
from soma.vault import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


class Settled(NamedTuple):
    """Rows to write; executions to take out first; how many old ones stay although their source no longer holds them."""

    rows: pa.Table
    gone: set[str]
    kept: int


class _Owned(NamedTuple):
    source_id: str
    decisions: int


class Owners:
    """The executions of a vault by source.

    Args:
        snapshot: The vault before this harvest.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._by_execution: dict[str, _Owned] = {}
        self._by_source: dict[str, set[str]] = {}
        self._note(snapshot.read(EXECUTIONS, ["execution_id", "source_id", "decisions"]))

    def settle(self, rows: pa.Table, replaced: set[str], shrunk: set[str]) -> Settled:
        """Decide between new rows and those the vault holds.

        A source that was read again replaces its own executions. Two things keep an old execution: its source shrank (a
        log was rotated or cut) and it held more than is left, or its source has vanished and held more than the new one.

        Args:
            rows: New rows of ``executions``.
            replaced: Sources that were read again just now.
            shrunk: Those of them that hold fewer bytes than before.
        """
        new = dict(zip(rows["execution_id"].to_pylist(), rows["decisions"].to_pylist(), strict=True))
        stay: set[str] = set()
        gone: set[str] = set()
        for execution_id, decisions in new.items():
            old = self._by_execution.get(execution_id)
            if old is None:
                continue
            fuller_elsewhere = old.source_id not in replaced or old.source_id in shrunk
            (stay if fuller_elsewhere and old.decisions > decisions else gone).add(execution_id)
        for source_id in replaced:
            missing = self._by_source.get(source_id, set()) - new.keys()
            (stay if source_id in shrunk else gone).update(missing)
        chosen = _without(rows, stay & new.keys())
        self._forget(gone)
        self._note(chosen)
        return Settled(chosen, gone, len(stay))

    def _forget(self, execution_ids: set[str]) -> None:
        for execution_id in execution_ids:
            owned = self._by_execution.pop(execution_id)
            self._by_source[owned.source_id].discard(execution_id)

    def _note(self, rows: pa.Table) -> None:
        columns = (rows[name].to_pylist() for name in ("execution_id", "source_id", "decisions"))
        for execution_id, source_id, decisions in zip(*columns, strict=True):
            self._by_execution[execution_id] = _Owned(source_id, decisions)
            self._by_source.setdefault(source_id, set()).add(execution_id)


def _without(rows: pa.Table, execution_ids: set[str]) -> pa.Table:
    if not execution_ids:
        return rows
    import pyarrow as pa
    import pyarrow.compute as pc

    return rows.filter(pc.invert(pc.is_in(rows["execution_id"], pa.array(sorted(execution_ids), pa.string()))))
