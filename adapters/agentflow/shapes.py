"""Tells the records of the format apart: graphs in all their spellings, run-log events, patterns, insights."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from soma.adapters.blocks.document import as_object, as_text

Kind = Literal["graph", "run", "pattern", "insight"]

_EVENT_KINDS: dict[str, Kind] = {
    "execution.completed": "run",
    "execution.failed": "run",
    "pattern.discovered": "pattern",
    "pattern.updated": "pattern",
    "insight.generated": "insight",
}


class Shape(NamedTuple):
    """What a value is, how sure that is (0 to 1), and what gave it away."""

    kind: Kind
    confidence: float
    why: str


def shape_of(value: Any) -> Shape | None:
    """What record of the format ``value`` is; ``None`` for anything else."""
    if not isinstance(value, dict):
        return None
    return _graph(value) if isinstance(value.get("nodes"), dict | list) else _event(value)


def _graph(value: dict[str, Any]) -> Shape | None:
    named = next((key for key in ("rootNodeId", "rootId") if isinstance(value.get(key), str)), None)
    has_agent = as_text(value.get("agentId")) is not None
    has_edges = isinstance(value.get("edges"), list)
    traced = has_edges and any(isinstance(value.get(key), list) for key in ("events", "traceEvents"))
    stepped = _is_step(_first_node(value["nodes"]))
    if named and (has_agent or has_edges or stepped):
        return Shape("graph", 1.0, f"nodes and a {named}")
    if has_agent and (traced or stepped):
        return Shape("graph", 0.9, "an agentId and nodes that are steps of a run")
    if stepped and (has_edges or named or len(value) == 1):
        return Shape("graph", 0.5, "nodes that are steps of a run")
    return None


def _first_node(nodes: dict[str, Any] | list[Any]) -> dict[str, Any]:
    first = next(iter(nodes.values() if isinstance(nodes, dict) else nodes), None)
    if isinstance(first, list) and len(first) > 1:
        first = first[1]
    return as_object(first)


def _is_step(node: dict[str, Any]) -> bool:
    timed = "status" in node or "startTime" in node
    placed = any(key in node for key in ("parentId", "children", "metadata", "state"))
    return "type" in node and "name" in node and timed and placed


def _event(value: dict[str, Any]) -> Shape | None:
    if as_text(value.get("agentId")) is not None:
        name = value.get("eventType")
        kind = _EVENT_KINDS.get(name) if isinstance(name, str) else None
        if kind is not None:
            return Shape(kind, 1.0, f"an event {name}")
        if value.get("type") == "execution" and isinstance(value.get("executionId"), str):
            return Shape("run", 1.0, "an event of type execution with an executionId")
    if value.get("type") == "pattern" and isinstance(value.get("patternId"), str) and "patternType" in value:
        return Shape("pattern", 1.0, "an event of type pattern with a patternId")
    return None
