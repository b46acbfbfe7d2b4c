"""What a table of the vault is: columns with a type and a meaning, and every form they are needed in.

Types are the small set that parquet, Delta, DuckDB and Polars agree on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

Type = Literal["string", "int32", "int64", "double", "bool", "timestamp", "list", "ints", "doubles", "map"]
Layer = Literal["archive", "working", "emerging", "canon"]
LAYERS: tuple[Layer, ...] = ("archive", "working", "emerging", "canon")


class Column(NamedTuple):
    """One column: ``nullable`` means that not knowing is allowed."""

    name: str
    type: Type
    nullable: bool
    meaning: str
    since: int = 1


class Table(NamedTuple):
    """One table: ``key`` names a row, ``order`` is how rows are laid out inside files."""

    layer: Layer
    name: str
    meaning: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def path(self) -> str:
        """Where the table lies, relative to the vault."""
        return f"{self.layer}/{self.name}"

    def arrow(self) -> pa.Schema:
        """The Arrow schema of the table."""
        import pyarrow as pa

        types = {
            "string": pa.string(), "int32": pa.int32(), "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_(),
            "timestamp": pa.timestamp("us", tz="UTC"), "list": pa.list_(pa.string()), "ints": pa.list_(pa.int64()),
            "doubles": pa.list_(pa.float64()),
            "map": pa.map_(pa.string(), pa.string()),
        }  # fmt: skip
        return pa.schema([pa.field(column.name, types[column.type], column.nullable) for column in self.columns])

    def duckdb_types(self) -> dict[str, str]:
        """DuckDB's type of every column."""
        types = {
            "string": "VARCHAR", "int32": "INTEGER", "int64": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN",
            "timestamp": "TIMESTAMP WITH TIME ZONE", "list": "VARCHAR[]", "ints": "BIGINT[]", "doubles": "DOUBLE[]",
            "map": "MAP(VARCHAR, VARCHAR)",
        }  # fmt: skip
        return {column.name: types[column.type] for column in self.columns}

    def spark_types(self) -> dict[str, str]:
        """Spark's type of every column."""
        types = {
            "string": "STRING", "int32": "INT", "int64": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN",
            "timestamp": "TIMESTAMP", "list": "ARRAY<STRING>", "ints": "ARRAY<BIGINT>", "doubles": "ARRAY<DOUBLE>",
            "map": "MAP<STRING, STRING>",
        }  # fmt: skip
        return {column.name: types[column.type] for column in self.columns}

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of one row as ``--json`` prints it, names in camelCase."""
        types: dict[Type, dict[str, Any]] = {
            "string": {"type": "string"}, "int32": {"type": "integer"}, "int64": {"type": "integer"},
            "double": {"type": "number"}, "bool": {"type": "boolean"},
            "timestamp": {"type": "string", "format": "date-time"},
            "list": {"type": "array", "items": {"type": "string"}},
            "ints": {"type": "array", "items": {"type": "integer"}},
            "doubles": {"type": "array", "items": {"type": ["number", "null"]}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
        }  # fmt: skip
        properties = {}
        for column in self.columns:
            kind = dict(types[column.type], description=column.meaning)
            properties[camel(column.name)] = (
                {"anyOf": [kind, {"type": "null"}], "description": column.meaning} if column.nullable else kind
            )
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.meaning,
            "type": "object",
            "properties": properties,
            "required": [camel(column.name) for column in self.columns if not column.nullable],
            "additionalProperties": False,
        }


def camel(name: str) -> str:
    """``snake_case`` as ``camelCase``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def required(name: str, type_: Type, meaning: str) -> Column:
    """A column that is always known."""
    return Column(name, type_, False, meaning)


def optional(name: str, type_: Type, meaning: str) -> Column:
    """A column that may not be known."""
    return Column(name, type_, True, meaning)
