"""Drafts as the rows the vault would hold, and a snapshot of them that answers SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from soma.adapters.contract import Adapter
from soma.harvester.agents import AgentNames
from soma.harvester.normalise import Item, Normaliser
from soma.harvester.redact import Redactor
from soma.model import ExecutionDraft

KEY = b"k" * 32


class Snapshot:
    """The rows of some drafts, read the way a vault's are."""

    def __init__(self, adapter: Adapter, drafts: Iterable[ExecutionDraft]) -> None:
        rows = Normaliser(KEY, Redactor(KEY), AgentNames())
        rows.add([Item(draft, adapter, "/traces/run.json", 1, 1) for draft in drafts])
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        tables = rows.tables()
        self._connection.register("executions", tables.executions)
        self._connection.register("decisions", tables.decisions)

    @property
    def basis(self) -> str:
        return ""

    @property
    def task_rules(self) -> tuple[()]:
        return ()

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        return self._connection.sql(query, params=list(parameters)).to_arrow_table()

    def ids(self) -> list[str]:
        found: list[str] = self.sql("SELECT execution_id FROM executions ORDER BY 1").column(0).to_pylist()
        return found

    def decisions(self, columns: Sequence[str], execution_id: str) -> list[dict[str, Any]]:
        chosen = ", ".join(columns)
        found: list[dict[str, Any]] = self.sql(
            f"SELECT {chosen} FROM decisions WHERE execution_id = ? ORDER BY step", [execution_id]
        ).to_pylist()
        return found

    def execution(self, columns: Sequence[str], execution_id: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.sql(
            f"SELECT {', '.join(columns)} FROM executions WHERE execution_id = ?", [execution_id]
        ).to_pylist()
        (row,) = found
        return row
