"""Rows built column by column, which is several times faster than a dictionary per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from soma.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa


class Rows:
    """Rows of one table in the making.

    Attributes:
        columns: Column name to its values so far; all lists have the same length between two calls.
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

    def extend(self, rows: Mapping[str, Sequence[Any]], count: int) -> None:
        """Append ``count`` rows, column by column; a column that is left out is null."""
        for name, column in self.columns.items():
            values = rows.get(name)
            column.extend(repeat(None, count) if values is None else values)

    def arrow(self, since: int = 0, until: int | None = None) -> pa.Table:
        """The rows from ``since`` to before ``until`` as an Arrow table of exactly the table's schema.

        Raises:
            pyarrow.ArrowException, TypeError, OverflowError, UnicodeError: if a value does not fit its column.
        """
        import pyarrow as pa

        schema = self.table.arrow()
        arrays = [pa.array(self.columns[field.name][since:until], field.type) for field in schema]
        return pa.table(arrays, schema=schema)
