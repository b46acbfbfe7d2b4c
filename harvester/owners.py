"""Which source each execution of the vault came from, and what may be replaced by a new reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from soma.schema import EXECUTIONS
from soma.vault import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


class Reread(NamedTuple):
    """What is to be known of a source that was read again.

    Attributes:
        shrank: It holds fewer bytes than when it was read last.
        told: Ids of what it held then, where it is known of no other source; ``None`` where relatives may have added to
            that. What the vault holds beyond it was kept when the source shrank earlier.
        decisions: How many decisions it held then.
    """

    shrank: bool = False
    told: frozenset[str] | None = None
    decisions: int = 0


class Settled(NamedTuple):
    """Rows to write; executions to take out first; how many stay although their source no longer holds them."""

    rows: pa.Table
    gone: set[str]
    kept: int


class _Owned(NamedTuple):
    source_id: str
    decisions: int


class Owners:
    """The executions of a vault by source.

    Args:
        snapshot: The vault before this harvest; ``None`` where there is none yet.
    """

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._by_execution: dict[str, _Owned] = {}
        self._by_source: dict[str, set[str]] = {}
        self._snapshot = snapshot

    @cached_property
    def _rows(self) -> pa.Table:
        """Those nobody has asked about yet."""
        columns = ["execution_id", "source_id", "decisions"]
        return self._snapshot.read(EXECUTIONS, columns) if self._snapshot else EXECUTIONS.arrow().empty_table()

    def _recall(self, execution_ids: Iterable[str], source_ids: Iterable[str]) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self._rows
        asked = pc.or_(
            pc.is_in(rows["execution_id"], pa.array(list(execution_ids), pa.string())),
            pc.is_in(rows["source_id"], pa.array(list(source_ids), pa.string())),
        )
        self._note(rows.filter(asked))
        self._rows = rows.filter(pc.invert(asked))

    def settle(self, rows: pa.Table, reread: Mapping[str, Reread]) -> Settled:
        """Decide between new rows and those the vault holds.

        A source that was read again replaces its own executions. Two things keep an old execution: its source shrank
        (a log was rotated or cut) and it held more than is left, or its source has vanished and held more than the
        new one.

        Args:
            rows: New rows of ``executions``.
            reread: The sources that were read just now.
        """
        new = dict(zip(rows["execution_id"].to_pylist(), rows["decisions"].to_pylist(), strict=True))
        self._recall(new, reread)
        cut = {source_id for source_id, again in reread.items() if again.shrank or self._holds_more(source_id, again)}
        stay: set[str] = set()
        gone: set[str] = set()
        for execution_id, decisions in new.items():
            old = self._by_execution.get(execution_id)
            if old is None:
                continue
            kept = old.source_id not in reread or old.source_id in cut
            (stay if kept and old.decisions > decisions else gone).add(execution_id)
        for source_id, again in reread.items():
            # Asked one by one: taking the keys of all new ones from a set looks at each of them, for every source.
            for execution_id in [one for one in self._by_source.get(source_id, ()) if one not in new]:
                kept = again.shrank or (again.told is not None and execution_id not in again.told)
                (stay if kept else gone).add(execution_id)
        chosen = _without(rows, stay & new.keys())
        self._forget(gone)
        self._note(chosen)
        return Settled(chosen, gone, len(stay))

    def _holds_more(self, source_id: str, again: Reread) -> bool:
        owned = self._by_source.get(source_id, set())
        return again.told is not None and sum(self._by_execution[one].decisions for one in owned) > again.decisions

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
