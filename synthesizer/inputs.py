"""What a job is given: something that answers SQL over one snapshot of a vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from soma.config import TaskRule

from .queries import query

if TYPE_CHECKING:
    import pyarrow as pa

Row = TypeVar("Row")
_LOOKED_AT = 1024


class Queryable(Protocol):
    """One snapshot with the views ``executions`` and ``decisions``, whose columns are those of ``soma.model``."""

    @property
    def basis(self) -> str:
        """Equal for snapshots that answer everything alike; empty where answers are not kept."""
        ...

    @property
    def task_rules(self) -> tuple[TaskRule, ...]:
        """Rules of the project about which executions attempt which task."""
        ...

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The answer of one DuckDB query; ``?`` in the text stand for ``parameters``."""
        ...


def answer(vault: Queryable, row: type[Row], package: str, name: str, parameters: Sequence[object] = ()) -> list[Row]:
    """The rows of the query ``name`` of ``package`` as ``row``, whose fields stand in the order of the columns."""
    text = query(package, name)
    by_column = getattr(vault, "columns", None)
    if by_column is not None:
        return list(map(row, *by_column(text, parameters)))
    return [row(*values) for values in rows_of(vault, text, parameters)]


def rows_of(vault: Queryable, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows of one query: straight from a snapshot of a vault, through Arrow from whatever else answers."""
    straight = getattr(vault, "rows", None)
    if straight is not None:
        found: list[tuple[Any, ...]] = straight(text, parameters)
        return found
    return list(zip(*columns_of(vault.sql(text, parameters)), strict=True))


def columns_of(table: pa.Table) -> list[list[Any]]:
    """The values of each column; texts that come again and again are each held once."""
    return [_values(column) for column in table.columns]


def _values(column: pa.ChunkedArray) -> list[Any]:
    import pyarrow as pa

    values: list[Any]
    first = column.slice(0, _LOOKED_AT)
    if not pa.types.is_string(column.type) or 2 * len(first.unique()) > len(first):
        values = column.to_pylist()
        return values
    values = []
    for chunk in column.chunks:
        encoded = chunk.dictionary_encode()
        # A place that is empty has no number.
        texts = [*encoded.dictionary.to_pylist(), None]
        values += map(texts.__getitem__, encoded.indices.fill_null(len(texts) - 1).to_pylist())
    return values
