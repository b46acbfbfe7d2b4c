"""Evaluation logs for tests: read raw from files, reshaped, or written from scratch."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from soma.adapters.inspect_ai import ADAPTER
from soma.model import ExecutionDraft
from soma.source import DEFAULT_LIMITS, Limits
from tests.adapters import reading
from tests.adapters.reading import Readout

EVAL = {"run_id": "run", "task": "sums", "task_id": "t", "model": "lab/m", "dataset": {}, "created": "2026-01-01"}


def samples_of(path: Path) -> list[dict[str, Any]]:
    """All samples of a log, read without soma."""
    if path.suffix == ".json":
        return json.loads(path.read_text())["samples"] or []
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("samples/"))
        return [json.loads(archive.read(name)) for name in names]


def log(*samples: Any, **fields: Any) -> dict[str, Any]:
    return {"version": 2, "status": "success", "eval": EVAL, "plan": {"steps": []}, "samples": list(samples), **fields}


def sample(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": 1, "epoch": 1, "input": "add", "messages": [], "events": list(events), **fields}


def answer(*calls: tuple[str, str], usage: Any = None, content: Any = "because", **event: Any) -> dict[str, Any]:
    """A model event whose answer makes calls of (id, function)."""
    made = [{"id": call_id, "function": name, "arguments": {"x": 1}} for call_id, name in calls]
    message = {"role": "assistant", "content": content, "tool_calls": made}
    return {"event": "model", "model": "lab/m", "output": {"choices": [{"message": message}], "usage": usage}, **event}


def called(call_id: str, function: str, **event: Any) -> dict[str, Any]:
    return {"event": "tool", "id": call_id, "function": function, "arguments": {"x": 1}, "result": "done", **event}


def begin(span: str, kind: str, name: str = "", parent: str | None = None) -> dict[str, Any]:
    return {"event": "span_begin", "id": span, "span_id": span, "parent_id": parent, "type": kind, "name": name}


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def pack(path: Path, members: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, value in members.items():
            archive.writestr(name, value if isinstance(value, str | bytes) else json.dumps(value))
    return path


def read(*paths: Path, limits: Limits = DEFAULT_LIMITS) -> Readout:
    return reading.run(ADAPTER, *paths, limits=limits)


def only(tmp_path: Path, *events: dict[str, Any], about: dict[str, Any] | None = None, **fields: Any) -> ExecutionDraft:
    """The execution of one sample; nothing of it may be damaged."""
    out = read(write(tmp_path / "log.json", log(sample(*events, **fields), **(about or {}))))
    assert out.damage == []
    (execution,) = out.executions
    return execution
