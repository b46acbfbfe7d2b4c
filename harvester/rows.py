"""Rows built column by column, which is several times faster than a dictionary per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soma.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa


class Rows:
    """Rows of one table in the making.

    Attributes:
        columns: Column name to its values so far; all lists have the same length between two calls of ``add``.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns: dict[str, list[Any]] = {column.name: [] for column in table.columns}
        self._appenders = [(column.name, self.columns[column.name].append) for column in table.columns]

    def __len__(self) -> int:
        return len(self.columns[self.table.columns[0].name])

    def add(self, row: dict[str, Any]) -> None:
        """Append one row; a column that is left out is null."""
        get = row.get
        for name, append in self._appenders:
            append(get(name))

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table of exactly the table's schema."""
        import pyarrow as pa

        schema = self.table.arrow()
        return pa.table([pa.array(self.columns[field.name], field.type) for field in schema], schema=schema)
