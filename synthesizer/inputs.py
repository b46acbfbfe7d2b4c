"""What a job is given: something that answers SQL over one snapshot of a vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

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
    table = vault.sql(query(package, name), parameters)
    columns = [column.to_pylist() for column in table.columns]
    return [row(*values) for values in zip(*columns, strict=True)]
