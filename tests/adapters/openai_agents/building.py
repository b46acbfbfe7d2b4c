"""Traces and spans for tests, as the SDK exports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from soma.adapters.openai_agents import ADAPTER
from tests.adapters import reading
from tests.adapters.reading import Readout

TRACE = {
    "object": "trace",
    "id": "trace_1",
    "workflow_name": "triage",
    "group_id": "thread-9",
    "metadata": {"task": "t1"},
}


def span(
    span_id: str, parent: str | None, kind: str, second: float = 0, lasts: float = 1, **rest: Any
) -> dict[str, Any]:
    """A span of ``trace_1``; ``error`` goes on the span, everything else into its data."""
    error = rest.pop("error", None)
    return {
        "object": "trace.span",
        "id": span_id,
        "trace_id": "trace_1",
        "parent_id": parent,
        "started_at": f"2026-01-01T00:00:{second:09.6f}+00:00",
        "ended_at": f"2026-01-01T00:00:{second + lasts:09.6f}+00:00",
        "span_data": {"type": kind, **rest},
        "error": error,
    }


def write(path: Path, *batches: list[dict[str, Any]]) -> Path:
    """Every list as one exported batch, one line each."""
    path.write_text("".join(json.dumps({"data": batch}) + "\n" for batch in batches))
    return path


def read(*paths: Path) -> Readout:
    return reading.run(ADAPTER, *paths)
