"""Builds small OTLP/JSON traces, and reads drafts as plain values to compare them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from soma.adapters.otel import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import Readout, run

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
PLACE = ("source_id", "offset", "length")


def attribute(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}}


def span(
    number: int,
    parent: int | None = None,
    name: str = "span",
    attributes: dict[str, Any] | None = None,
    *,
    at: float | None = None,
    lasts: float | None = 1,
    status: Any = None,
    kind: Any = 1,
    events: list[tuple[str, dict[str, Any]]] | None = None,
    trace: str = TRACE,
) -> dict[str, Any]:
    """A span that starts ``at`` seconds (its number, unless told); with ``lasts=None`` it never ended."""
    start = START + int((number if at is None else at) * SECOND)
    built: dict[str, Any] = {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "parentSpanId": "" if parent is None else f"{parent:016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start),
        "attributes": [attribute(key, value) for key, value in (attributes or {}).items()],
        "status": status or {},
        "events": [
            {"name": event, "attributes": [attribute(key, value) for key, value in fields.items()]}
            for event, fields in events or []
        ],
    }
    if lasts is not None:
        built["endTimeUnixNano"] = str(start + int(lasts * SECOND))
    return built


def request(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> dict[str, Any]:
    attributes = [attribute(key, value) for key, value in (resource or {}).items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "t"}, "spans": list(spans)}]}
        ]
    }


def read(path: Path, *values: Any) -> Readout:
    """Writes the values as JSON lines (or one document) and reads them."""
    path.write_text("\n".join(json.dumps(value) for value in values) + "\n")
    return run(ADAPTER, path)


def only(readout: Readout) -> ExecutionDraft:
    assert len(readout.executions) == 1, [execution.execution_id for execution in readout.executions]
    return readout.executions[0]


def placeless(executions: list[ExecutionDraft]) -> list[Any]:
    """Drafts as plain values without the place they were read from, in the order of their ids."""
    found = [msgspec.to_builtins(execution) for execution in executions]
    for execution in found:
        for item in (execution, *execution["decisions"]):
            for key in PLACE:
                item.pop(key)
    return sorted(found, key=lambda execution: execution["execution_id"])


def agent(number: int, parent: int | None = None, name: str = "planner", **more: Any) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **more.pop("attributes", {})}
    return span(number, parent, f"invoke_agent {name}", attributes, **more)


def tool(number: int, parent: int | None = 1, name: str = "search", **more: Any) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **more.pop("attributes", {})}
    return span(number, parent, f"execute_tool {name}", attributes, **more)


def model(number: int, parent: int | None = 1, **more: Any) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1", **more.pop("attributes", {})}
    return span(number, parent, "chat m-1", attributes, **more)


def said(text: str | None, *calls: tuple[str, str, dict[str, Any]]) -> str:
    """Output messages in the form of the GenAI conventions."""
    parts: list[dict[str, Any]] = [{"type": "text", "content": text}] if text else []
    parts += [{"type": "tool_call", "id": key, "name": name, "arguments": given} for key, name, given in calls]
    return json.dumps([{"role": "assistant", "parts": parts, "finish_reason": "stop"}])
