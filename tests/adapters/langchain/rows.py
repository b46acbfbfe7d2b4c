"""Rows of runs for tests: read raw from files, reshaped, or written from scratch."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from soma.adapters.langchain import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters import reading
from tests.adapters.reading import Readout


def rows_of(path: Path) -> list[dict[str, Any]]:
    """All runs of a flat or nested file, read without soma."""
    text = path.read_text()
    if not text.lstrip().startswith("["):
        return [json.loads(line) for line in text.splitlines()]
    return [row for root in json.loads(text) for row in unnested(root)]


def unnested(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield root
    for child in root.get("child_runs") or []:
        yield from unnested(child)


def nested(rows: list[dict[str, Any]], *, bare: bool = False) -> list[dict[str, Any]]:
    """The same runs as trees; ``bare`` leaves out what the tree itself tells."""
    rows = copy.deepcopy(rows)
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        row["child_runs"] = []
    for row in rows:
        if row.get("parent_run_id"):
            by_id[row["parent_run_id"]]["child_runs"].append(row)
    roots = [row for row in rows if not row.get("parent_run_id")]
    if bare:
        for row in rows:
            for key in ("parent_run_id", "trace_id", "dotted_order"):
                row.pop(key, None)
    return roots


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(*paths: Path) -> Readout:
    return reading.run(ADAPTER, *paths)


def drafted(tmp_path: Path, *rows: dict[str, Any]) -> list[ExecutionDraft]:
    """The executions of some rows; none of them may be damaged."""
    out = read(write(tmp_path / "rows.json", list(rows)))
    assert out.damage == []
    return out.executions


def only(tmp_path: Path, *rows: dict[str, Any]) -> ExecutionDraft:
    (execution,) = drafted(tmp_path, *rows)
    return execution


def placeless(executions: list[ExecutionDraft]) -> list[dict[str, Any]]:
    """The executions as plain values without the positions of their bytes, in the order of their ids."""

    def stripped(draft: Any) -> dict[str, Any]:
        return {k: v for k, v in msgspec.to_builtins(draft).items() if k not in ("source_id", "offset", "length")}

    ordered = sorted(executions, key=lambda execution: execution.execution_id)
    return [stripped(execution) | {"decisions": list(map(stripped, execution.decisions))} for execution in ordered]


def row(
    run_id: str, run_type: str = "tool", parent: str | None = "root", second: int = 1, **fields: Any
) -> dict[str, Any]:
    """One run of the trace ``root``."""
    return {
        "id": run_id,
        "trace_id": "root",
        "parent_run_id": parent,
        "run_type": run_type,
        "name": run_id,
        "start_time": f"2026-03-01T10:00:{second:02d}.000000",
        "end_time": f"2026-03-01T10:00:{second:02d}.500000",
        **fields,
    }


def root(**fields: Any) -> dict[str, Any]:
    return row("root", "chain", None, 0, **{"end_time": "2026-03-01T10:00:59", **fields})


def answer(text: Any, *calls: tuple[str, str], **message: Any) -> dict[str, Any]:
    """Outputs of a model run: a message with calls of (id, name)."""
    kwargs = {
        "content": text,
        "type": "ai",
        "tool_calls": [{"id": call_id, "name": name, "args": {}} for call_id, name in calls],
        **message,
    }
    constructor = {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": kwargs}
    return {"generations": [[{"text": text, "message": constructor}]]}
