"""A vault without rows: what tells the columns and types of an answer, so that nobody writes them down by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from soma.errors import UsageError
from soma.schema import TABLES
from soma.vault.connection import no_rows
from soma.vault.views import texts

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from .dialect import Compiled, Key

_ANSWER = "soma_answer"


@cache
def _blank() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table.name}_stored AS {no_rows(table)}")
    for text in texts():
        connection.execute(text)
    connection.execute("SET enable_external_access = false")
    return connection


def schema_of(query: str, parameters: Sequence[object]) -> pa.Schema:
    """The columns and types with which DuckDB answers the query.

    Raises:
        UsageError: if DuckDB refuses it.
    """
    import duckdb

    short = [[] if isinstance(value, (list, tuple)) else value for value in parameters]
    try:
        return _blank().sql(query, params=short).to_arrow_table().schema
    except duckdb.Error as problem:
        raise UsageError(
            str(problem).strip().splitlines()[0][:300], hint="docs/rows.md names the columns of every view"
        ) from problem


def ordered(answer: pa.Table, compiled: Compiled, schema: pa.Schema) -> pa.Table:
    """The answer of an engine as DuckDB would give it: its columns and types, in the order the query asks for."""
    import pyarrow as pa

    columns = {name: answer[name] for name in answer.column_names}
    for field in schema:
        columns[field.name] = columns[field.name].cast(field.type)
    answer = pa.table(columns)
    if compiled.keys and answer.num_rows > 1:
        keys = ", ".join(map(_key, compiled.keys))
        # DuckDB orders its own answers: what it says of texts, NaN and times holds here too.
        with _blank().cursor() as cursor:
            cursor.register(_ANSWER, answer)
            answer = cursor.sql(f"SELECT * FROM {_ANSWER} ORDER BY {keys}").to_arrow_table()  # noqa: S608
    return answer.select(schema.names).cast(schema)


def _key(key: Key) -> str:
    way, nulls = "DESC" if key.descending else "ASC", "FIRST" if key.nulls_first else "LAST"
    return f"{_quoted(key.column)} {way} NULLS {nulls}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
