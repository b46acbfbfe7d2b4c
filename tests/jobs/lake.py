"""A vault's snapshot for tests: the two views over an in-memory DuckDB, filled from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from soma.config import TaskRule
from soma.model import Execution, NormalizedDecision
from soma.schema import CALIBRATIONS, FIRING_OUTCOMES, FIRINGS, PRESSURE, VITALS

_TYPES = {
    "int": pa.int64(), "int | None": pa.int64(), "str": pa.string(), "str | None": pa.string(),
    "float | None": pa.float64(), "bool | None": pa.bool_(), "list[str] | None": pa.list_(pa.string()),
    "dict[str, str]": pa.map_(pa.string(), pa.string()),
}  # fmt: skip
# What lies under the vault's views: every decision visible, nothing kept yet.
_STORED = """
    CREATE TEMP VIEW visible AS SELECT execution_id, 1 AS reading FROM executions;
    CREATE TEMP VIEW executions_stored AS SELECT *, 1 AS reading FROM executions;
    CREATE TEMP VIEW decisions_stored AS SELECT *, 1 AS reading FROM decisions;
    CREATE TEMP TABLE paths_stored (
        execution_id VARCHAR, reading BIGINT, actions VARCHAR[], decision_ids VARCHAR[], decisions BIGINT[],
        failed BIGINT[], timeouts BIGINT[], durations_ms DOUBLE[]
    );
    CREATE TEMP TABLE results (job VARCHAR, parameters VARCHAR, basis VARCHAR, answer VARCHAR);
"""


@cache
def _database(threads: int) -> duckdb.DuckDBPyConnection:
    """Where lakes lie, each with a connection of its own and all it has as temporary there: none sees another."""
    return duckdb.connect(config={"threads": threads})


class Lake:
    """Executions and decisions that answer SQL the way a vault does."""

    def __init__(
        self,
        executions: Iterable[Execution],
        decisions: Iterable[NormalizedDecision] = (),
        threads: int = 1,
        kept: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    ) -> None:
        self._connection = _database(threads).cursor()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.register("executions", table(Execution, executions))
        self._connection.register("decisions", table(NormalizedDecision, decisions))
        self._connection.execute(_STORED)
        for stored in (PRESSURE, VITALS, FIRINGS, FIRING_OUTCOMES, CALIBRATIONS):
            rows = [{"reading": 1, **row} for row in (kept or {}).get(stored.name, ())]
            self._connection.register(stored.name, pa.Table.from_pylist(rows, schema=stored.arrow()))
            self._connection.execute(f"CREATE TEMP VIEW {stored.name}_stored AS SELECT * FROM {stored.name}")
        views = files("soma.vault").joinpath("paths.sql").read_text()
        self._connection.execute(views.replace("CREATE ", "CREATE TEMP "))

    basis = ""
    task_rules: tuple[TaskRule, ...] = ()

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        return self._connection.sql(query, params=list(parameters)).to_arrow_table()


def table(kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> pa.Table:
    """Rows as Arrow, in the column types of the vault."""
    fields = [
        pa.field(name, pa.timestamp("us", "UTC") if name.endswith("_at") else _TYPES[kind.__annotations__[name]])
        for name in kind.__struct_fields__
    ]
    values = [{field.name: _value(getattr(row, field.name)) for field in fields} for row in rows]
    return pa.Table.from_pylist(values, schema=pa.schema(fields))


def _value(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


def execution(execution_id: str, agent_id: str = "agent-a", **more: Any) -> Execution:
    """One execution; what is not given takes the defaults of the row."""
    given = {"framework": "generic", "adapter": "generic", "adapter_version": 1, **more}
    return Execution(execution_id=execution_id, agent_id=agent_id, **given)


def chain(
    execution_id: str, actions: Sequence[str], agent_id: str = "agent-a", **more: Any
) -> list[NormalizedDecision]:
    """The decisions of an execution, one per action; a value of ``more`` that is a list is given out in order."""
    return [
        NormalizedDecision(
            decision_id=f"{execution_id}/{step}",
            execution_id=execution_id,
            agent_id=agent_id,
            step=step,
            action=action,
            tool=action.partition(":")[0],
            **{key: value[step] if isinstance(value, list) else value for key, value in more.items()},
        )
        for step, action in enumerate(actions)
    ]
