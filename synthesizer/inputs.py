"""What a job is given: something that answers SQL over one snapshot of a vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from soma.config import TaskRule

from .queries import query

if TYPE_CHECKING:
    import pyarrow as pa

Row = TypeVar("Row")


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
    return [row(*values) for values in rows_of(vault, query(package, name), parameters)]


def rows_of(vault: Queryable, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows of one query: straight from a snapshot of a vault, through Arrow from whatever else answers."""
    straight = getattr(vault, "rows", None)
    if straight is not None:
        found: list[tuple[Any, ...]] = straight(text, parameters)
        return found
    columns = [column.to_pylist() for column in vault.sql(text, parameters).columns]
    return list(zip(*columns, strict=True))
