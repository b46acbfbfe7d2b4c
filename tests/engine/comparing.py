"""An engine that asks everything twice, of DuckDB and of an endpoint, and compares: rows, types and order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from soma.engine.blank import ordered
from soma.engine.dialect import Compiled
from soma.engine.queries import SparkQueries
from soma.vault import Snapshot

_NEAR = 1e-9


class Comparing:
    """Answers as DuckDB does.

    Attributes:
        asked: The texts of all queries so far.
        rows: How many rows were compared.
    """

    def __init__(self, queries: SparkQueries) -> None:
        self.asked: set[str] = set()
        self.rows = 0
        self._queries = queries
        self._local: dict[Snapshot, Snapshot] = {}

    def sql(self, snapshot: Snapshot, query: str, parameters: Sequence[object]) -> pa.Table:
        here = self._here(snapshot).sql(query, parameters)
        there = self._queries.sql(snapshot, query, parameters)
        self.asked.add(query)
        self.rows += here.num_rows
        assert there.schema == here.schema, query
        assert there.num_rows == here.num_rows, f"{query}: {there.num_rows} rows there, {here.num_rows} here"
        for name in here.column_names:
            mine, theirs = here[name], there[name]
            if not mine.equals(theirs):
                for number, (one, other) in enumerate(zip(mine.to_pylist(), theirs.to_pylist(), strict=True)):
                    assert alike(one, other), f"{query}\nrow {number}, {name}: {one!r} here, {other!r} there"
        return here

    def _here(self, snapshot: Snapshot) -> Snapshot:
        """The same pinned files, asked of DuckDB."""
        if snapshot not in self._local:
            self._local[snapshot] = snapshot.local()
        return self._local[snapshot]


def alike(one: Any, other: Any) -> bool:
    """Equal; floating numbers but for the order in which sums were taken."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_NEAR, abs_tol=0.0) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def order_leaves_no_ties(answer: pa.Table, compiled: Compiled, schema: pa.Schema) -> pa.Table:
    """What an answer is in the order its query asks for, which must not depend on the order in which it arrived."""
    found = ordered(answer, compiled, schema)
    turned = answer.take(pa.array(range(answer.num_rows - 1, -1, -1), pa.int64()))
    assert ordered(turned, compiled, schema).equals(found), f"ties in the order of {compiled.text}"
    return found
