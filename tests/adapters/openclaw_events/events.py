"""Event files for tests, and what the vault's views make of drafts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from soma import schema
from soma.adapters.contract import Adapter
from soma.adapters.openclaw_events import ADAPTER
from soma.harvester.agents import AgentNames
from soma.harvester.normalise import Item, Normaliser
from soma.harvester.redact import Redactor
from soma.model import ExecutionDraft
from tests.adapters.reading import run

KEY = b"k" * 32


def one(path: Path) -> ExecutionDraft:
    out = run(ADAPTER, path)
    assert out.damage == []
    (draft,) = out.executions
    return draft


def outcomes(draft: ExecutionDraft) -> list[str]:
    return [f"{decision.tool}:{decision.outcome}" for decision in draft.decisions]


def write(path: Path, events: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


class Runtime:
    """Writes the events of a sidecar, one a second."""

    def __init__(self, session_id: str = "s1") -> None:
        self.events: list[dict[str, Any]] = []
        self._session_id = session_id

    def add(self, kind: str, **data: Any) -> Runtime:
        second = len(self.events)
        self.events.append({
            "traceSchema": "openclaw-trajectory", "schemaVersion": 1, "traceId": "t", "source": "runtime", "type": kind,
            "ts": f"2026-05-05T10:00:{second:02d}.000Z", "seq": second, "sessionId": self._session_id,
            "sessionKey": f"agent:main:explicit:{self._session_id}", "modelId": "m", "data": data,
        })  # fmt: skip
        return self

    def write(self, path: Path) -> Path:
        return write(path, self.events)


def visible(read: Sequence[tuple[Adapter, Iterable[ExecutionDraft]]]) -> tuple[set[str], int]:
    """Ids of the executions, and the number of decisions, that the views of a vault with these drafts show."""
    rows = Normaliser(KEY, Redactor(KEY), AgentNames())
    for adapter, drafts in read:
        for draft in drafts:
            rows.add([Item(draft, adapter, "/traces/run.jsonl", 1, 1)])
    tables = rows.tables()
    connection = duckdb.connect()
    for table in schema.TABLES:
        held = {"executions": tables.executions, "decisions": tables.decisions}.get(table.name)
        connection.register(f"{table.name}_stored_rows", table.arrow().empty_table() if held is None else held)
        connection.execute(f"CREATE VIEW {table.name}_stored AS SELECT * FROM {table.name}_stored_rows")
    connection.execute(files("soma.vault").joinpath("views.sql").read_text())
    ids = connection.sql("SELECT execution_id FROM executions").fetchall()
    counted = connection.sql("SELECT count(*) FROM decisions").fetchall()
    return {row[0] for row in ids}, counted[0][0]
