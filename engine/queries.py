"""The queries of the jobs, asked of a Spark Connect endpoint instead of DuckDB: same rows, same order, same types.

A snapshot's pinned files are named one by one, so that every engine reads the very version the vault chose; the vault's
views are made over them when a query first asks for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from soma.errors import UsageError
from soma.schema import BY_NAME, TABLES, Table
from soma.vault.teams import team_of
from soma.vault.views import texts

from .blank import ordered, schema_of
from .session import EngineError, EngineSession, told

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.connect.dataframe import DataFrame

    from soma.vault.snapshot import Snapshot

    from .dialect import Compiled, Dialect, Listed

_STORED = "_stored"
_SAID = "executions_as_told"
_NAMED = "teams_by_rule"
_UNNAMED = """
SELECT DISTINCT agent_id, operator_id
FROM executions_as_told
WHERE team_id IS NULL
ORDER BY agent_id NULLS LAST, operator_id NULLS LAST"""
_TEAMED = """
SELECT e.* REPLACE (coalesce(e.team_id, n.named) AS team_id)
FROM executions_as_told AS e
LEFT JOIN teams_by_rule AS n ON n.agent_id = e.agent_id AND n.operator_id IS NOT DISTINCT FROM e.operator_id
WHERE CAST(? AS VARCHAR) IS NULL OR coalesce(e.team_id, n.named) = CAST(? AS VARCHAR)
ORDER BY execution_id NULLS LAST"""
# What Spark and Hadoop read as a pattern or an escape instead of a name.
_NO_NAME = frozenset("*?[]{}\\%")
_SETTINGS = {"spark.sql.ansi.enabled": "true"}


@cache
def dialect() -> Dialect:
    """The dialect over the vault's tables and views."""
    from .dialect import Dialect

    columns = {table.name + _STORED: table.duckdb_types() for table in TABLES}
    made = Dialect(columns)
    for text in texts():
        made.add_views(text)
    made.add_relation(_NAMED, {"agent_id": "VARCHAR", "operator_id": "VARCHAR", "named": "VARCHAR"})
    made.add_relation(_SAID, made.columns("executions"))
    return made


class SparkQueries:
    """Answers a snapshot's queries with the endpoint of a session; for one thread.

    Args:
        session: Stays open as long as this is used; who opened it closes it.

    Examples:
        >>> root = VaultRoot(".soma", SparkQueries(open_session("sc://localhost:15002")))   # doctest: +SKIP
        >>> root.snapshot().sql("SELECT count(*) AS n FROM executions")                     # doctest: +SKIP
    """

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._spark = session.spark
        self._made: WeakKeyDictionary[Snapshot, tuple[str, set[str]]] = WeakKeyDictionary()
        self._numbers = count(1)
        for name, value in _SETTINGS.items():
            self._asked(lambda name=name, value=value: self._spark.conf.set(name, value))

    def sql(self, snapshot: Snapshot, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The answer of one query over the pinned files of ``snapshot``.

        Raises:
            NotPortable: if engines would read the query differently.
            UsageError: if its parameters are not those it asks for.
            EngineError: if the endpoint fails.
        """
        compiled = dialect().query(query)
        values = {f"p{place}": value for place, value in enumerate(parameters, start=1)}
        wanted = {*compiled.parameters, *(name for item in compiled.lists for _, _, name in item.columns)}
        if wanted != set(values):
            raise UsageError(f"the query has {len(wanted)} places for parameters, {len(values)} were given")
        schema = schema_of(query, parameters)
        answer: pa.Table = self._asked(lambda: self._frame(snapshot, compiled, values).toArrow())
        return ordered(answer, compiled, schema)

    def _asked(self, ask: Any) -> Any:
        import grpc
        from pyspark.errors import PySparkException

        try:
            return ask()
        except (PySparkException, grpc.RpcError) as problem:
            raise EngineError(f"the engine cannot answer: {told(problem)}", where=self._session.address) from problem

    def _frame(self, snapshot: Snapshot, compiled: Compiled, values: dict[str, object]) -> DataFrame:
        prefix, made = self._of(snapshot)
        self._make(snapshot, prefix, made, compiled.tables)
        for item in compiled.lists:
            self._relation(prefix + item.name, _rows(item, values))
        scalars = {name: values[name] for name in compiled.parameters}
        return self._spark.sql(compiled.text_over(prefix), args=scalars or None)

    def _of(self, snapshot: Snapshot) -> tuple[str, set[str]]:
        if snapshot not in self._made:
            self._made[snapshot] = (f"soma_{next(self._numbers)}_", set())
        return self._made[snapshot]

    def _make(self, snapshot: Snapshot, prefix: str, made: set[str], names: Iterable[str]) -> None:
        """Make what a query asks for, and what that asks for, where it is not made yet."""
        for name in sorted(names):
            if name in made:
                continue
            if name.endswith(_STORED):
                self._stored(snapshot, BY_NAME[name.removesuffix(_STORED)]).createOrReplaceTempView(prefix + name)
            elif name == "executions" and (snapshot.team_rules or snapshot.team is not None):
                self._teamed(snapshot).createOrReplaceTempView(prefix + name)
            elif name in dialect().views or name == _SAID:
                view = dialect().view("executions" if name == _SAID else name)
                self._make(snapshot, prefix, made, view.tables)
                self._spark.sql(view.text_over(prefix)).createOrReplaceTempView(prefix + name)
            else:
                continue
            made.add(name)

    def _stored(self, snapshot: Snapshot, table: Table) -> DataFrame:
        """The rows of a table from exactly the files the snapshot pinned; columns that a file lacks are NULL."""
        paths = snapshot.paths(table)
        columns = table.spark_types()
        if not paths:
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
            return self._spark.sql(f"SELECT {nothing} WHERE false")
        for path in paths:
            if _NO_NAME & set(path):
                raise UsageError(
                    "an engine cannot read a vault whose path holds one of * ? [ ] { } \\ %",
                    where=snapshot.storage.address,
                    hint="move the vault to a folder with a plainer name, or leave --engine out",
                )  # fmt: skip
        schema = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return self._spark.read.schema(schema).parquet(*paths)

    def _teamed(self, snapshot: Snapshot) -> DataFrame:
        """The executions with the teams that rules give; of one team only where the snapshot is one of a team."""
        prefix, made = self._of(snapshot)
        self._make(snapshot, prefix, made, [_SAID])
        unnamed = dialect().query(_UNNAMED)
        rows = self._spark.sql(unnamed.text_over(prefix)).toArrow().to_pylist() if snapshot.team_rules else []
        named = [{**row, "named": team_of(snapshot.team_rules, row["agent_id"], row["operator_id"])} for row in rows]
        self._relation(prefix + _NAMED, _strings(["agent_id", "operator_id", "named"], named))
        teamed = dialect().query(_TEAMED)
        args = dict.fromkeys(teamed.parameters, snapshot.team)
        return self._spark.sql(teamed.text_over(prefix), args=args).select(*teamed.columns)

    def _relation(self, name: str, rows: pa.Table) -> None:
        self._spark.createDataFrame(rows).createOrReplaceTempView(name)


def _strings(names: list[str], rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def _rows(item: Listed, values: dict[str, object]) -> pa.Table:
    """The list parameters of a query beside each other, the shorter ones filled up with NULL as unnest does.

    Raises:
        UsageError: if a value is no list of the type the query says.
    """
    import pyarrow as pa

    kinds = {
        "TEXT": pa.string(),
        "BIGINT": pa.int64(),
        "INT": pa.int32(),
        "BOOLEAN": pa.bool_(),
        "DOUBLE": pa.float64(),
    }
    lists = {}
    for name, kind, parameter in item.columns:
        value = values[parameter]
        if value is not None and not isinstance(value, (list, tuple)):
            raise UsageError(f"parameter {parameter[1:]} of the query is a list")
        lists[name] = (list(value or ()), kinds[kind])
    longest = max(len(value) for value, _ in lists.values())
    try:
        return pa.table({name: pa.array([*value, *[None] * (longest - len(value))], kind)
                         for name, (value, kind) in lists.items()})  # fmt: skip
    except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
        raise UsageError(f"a list given to the query has other items than it asks for: {problem}") from None
