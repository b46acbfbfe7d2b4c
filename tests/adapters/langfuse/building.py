"""Observations and traces for tests, as Langfuse exports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from soma.adapters.langfuse import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters import reading
from tests.adapters.reading import Readout


def observation(
    name: str, parent: str | None, kind: str = "SPAN", second: float = 0, lasts: float | None = 1, **rest: Any
) -> dict[str, Any]:
    """An observation of the trace ``t`` whose id is ``rest["id"]`` or its name."""
    return {
        "id": name,
        "traceId": "t",
        "parentObservationId": parent,
        "type": kind,
        "name": name,
        "startTime": f"2026-01-01T00:00:{second:06.3f}Z",
        "endTime": None if lasts is None else f"2026-01-01T00:00:{second + lasts:06.3f}Z",
        "level": "DEFAULT",
        "statusMessage": None,
        **rest,
    }


def trace(**rest: Any) -> dict[str, Any]:
    return {
        "id": "t",
        "name": "desk",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "userId": None,
        "sessionId": None,
        **rest,
    }


def asking(*calls: tuple[str, dict[str, Any]], text: str | None = None) -> str:
    """The output of a generation that asks for calls."""
    asked = [{"function": {"name": name, "arguments": json.dumps(arguments)}} for name, arguments in calls]
    return json.dumps({"role": "assistant", "content": text, "tool_calls": asked})


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def write_lines(path: Path, values: list[Any]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def read(*paths: Path) -> Readout:
    return reading.run(ADAPTER, *paths)


def only(path: Path) -> ExecutionDraft:
    (execution,) = read(path).executions
    return execution


def decided(tmp_path: Path, *observations: dict[str, Any]) -> list[DecisionDraft]:
    """The decisions of a trace of these observations."""
    return only(write(tmp_path / "trace.json", {"trace": trace(), "observations": list(observations)})).decisions
