"""An execution graph as one set of types, whichever way it was written down.

Nodes are written as an object by id, as ``[id, node]`` pairs, as a list of node objects, or are lost (``{}``, a map
that was serialised naively): then they are rebuilt from the events. Events are called ``events`` or ``traceEvents``;
times are epoch milliseconds or ISO 8601 and stand, like the status, at the top or in ``metadata``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from soma import identity
from soma.adapters.blocks.document import as_list, as_object, as_text

from .values import FIRST_MS, LAST_MS, moment, written

NODE_TYPES = frozenset({"agent", "tool", "subagent", "wait", "decision", "custom"})
STATUSES = frozenset({"running", "completed", "failed", "hung", "timeout"})
FAILED = frozenset({"failed", "hung", "timeout"})
STARTS = frozenset({"agent_start", "tool_start", "subagent_spawn"})
_UNKNOWN = "unknown"
_STARTED_AS = {"agent_start": "agent", "tool_start": "tool", "subagent_spawn": "subagent"}


Edge: TypeAlias = tuple[str, str, str]
"""A transition from a node to another, and its kind as written (``spawned``, ``retried``, ``branched``...)."""


class Event(msgspec.Struct, gc=False):
    """A trace event; ``position`` is its place in the list."""

    kind: str
    node_id: str
    time: int | None
    data: dict[str, Any]
    position: int


class Node(msgspec.Struct, gc=False):
    """A step of the run. Type and status are ``unknown`` where the file holds no word of the format.

    Attributes:
        start, end: Epoch microseconds.
        position: Place among the nodes.
    """

    id: str
    type: str
    name: str
    status: str
    position: int
    start: int | None = None
    end: int | None = None
    parent_id: str | None = None
    children: list[str] = msgspec.field(default_factory=list)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    state: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def semantic(self) -> dict[str, Any]:
        """What the run says about its meaning: intent, model, token cost."""
        return as_object(self.metadata.get("semantic"))


class Graph(msgspec.Struct, kw_only=True):
    """One run.

    Attributes:
        status: As written, ``unknown`` where it is no word of the format.
        rebuilt: The nodes were lost and come from the events.
        fields: The decoded object, for what is read only once.
    """

    native_id: str | None
    agent_id: str
    status: str
    start: int | None
    end: int | None
    root_id: str | None
    nodes: dict[str, Node]
    edges: list[Edge]
    events: list[Event]
    metadata: dict[str, Any]
    rebuilt: bool
    fields: dict[str, Any]

    @property
    def root(self) -> Node | None:
        """The node that is the run itself."""
        return self.nodes.get(self.root_id) if self.root_id is not None else None


def load(value: dict[str, Any]) -> Graph:
    """The graph in ``value``, read leniently: fields of a wrong type count as missing."""
    metadata = as_object(value.get("metadata"))
    events = _events(value.get("events") or value.get("traceEvents"))
    edges = _edges(value.get("edges"), events)
    nodes = _nodes(value.get("nodes"))
    rebuilt = not nodes and bool(events)
    if rebuilt:
        nodes = _nodes_from_events(events, edges)
    agent_id = as_text(value.get("agentId")) or ""
    return Graph(
        native_id=as_text(value.get("id")),
        agent_id="" if agent_id == _UNKNOWN else agent_id,
        status=_word(_either("status", value, metadata), STATUSES),
        start=_time("startTime", value, metadata) or moment(value.get("timestamp")),
        end=_time("endTime", value, metadata),
        root_id=_root_id(value, nodes),
        nodes=nodes,
        edges=edges,
        events=events,
        metadata=metadata,
        rebuilt=rebuilt,
        fields=value,
    )


def content_digest(graph: Graph) -> str:
    """Digest of what the graph says, equal for every way of writing it down: the identity of a run without an id."""
    parts: list[Any] = [graph.native_id, graph.agent_id, graph.start, graph.end, graph.status]
    for node in graph.nodes.values():
        parts += [node.id, node.type, node.name, node.status, node.start, node.end]
        parts += [written(node.metadata), written(node.state)]
    # Written out: what it is called must not make another run of it.
    parts += [f"Edge(source={source!r}, target={target!r}, kind={kind!r})" for source, target, kind in graph.edges]
    parts += [part for event in graph.events for part in (event.kind, event.node_id, event.time)]
    return identity.digest("\x1f".join(map(str, parts)), size=12)


def _word(value: Any, vocabulary: frozenset[str]) -> str:
    return value if type(value) is str and value in vocabulary else _UNKNOWN


def _either(key: str, value: dict[str, Any], metadata: dict[str, Any]) -> Any:
    own = value.get(key)
    return own if own is not None else metadata.get(key)


def _time(key: str, value: dict[str, Any], metadata: dict[str, Any]) -> int | None:
    own = value.get(key)
    return moment(own if own is not None else metadata.get(key))


def _id(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(1 << 63) < value < 1 << 63 else None
    return as_text(value)


def _root_id(value: dict[str, Any], nodes: dict[str, Node]) -> str | None:
    """The root that is named; else the first agent without a parent, because the run itself is no choice of the run."""
    named = _id(value.get("rootNodeId")) or _id(value.get("rootId"))
    if named in nodes:
        return named
    return next((node.id for node in nodes.values() if node.type == "agent" and node.parent_id not in nodes), None)


def _nodes(value: Any) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    pairs = value.items() if isinstance(value, dict) else _pairs(as_list(value))
    for node_id, item in pairs:
        if isinstance(item, dict) and node_id:
            nodes[node_id] = _node(node_id, item, len(nodes))
    return nodes


def _pairs(items: list[Any]) -> Iterator[tuple[str, Any]]:
    for index, item in enumerate(items):
        if isinstance(item, list) and len(item) > 1:
            yield _id(item[0]) or f"#{index}", item[1]
        elif isinstance(item, dict):
            yield _id(item.get("id")) or f"#{index}", item


def _node(node_id: str, item: dict[str, Any], position: int) -> Node:
    # Written out where most of the time goes: graphs are read by the ten thousand.
    get = item.get
    metadata = as_object(get("metadata"))
    kind = _word(get("type"), NODE_TYPES)
    name, parent, start, end, children = get("name"), get("parentId"), get("startTime"), get("endTime"), get("children")
    return Node(
        node_id,
        kind,
        (name if type(name) is str else _id(name)) or kind,
        _word(_either("status", item, metadata), STATUSES),
        position,
        start * 1000
        if type(start) is int and FIRST_MS < start < LAST_MS
        else moment(start if start is not None else metadata.get("startTime")),
        end * 1000
        if type(end) is int and FIRST_MS < end < LAST_MS
        else moment(end if end is not None else metadata.get("endTime")),
        (parent or None) if type(parent) is str else _id(parent),
        [child for child in as_list(children) if isinstance(child, str)] if children else [],
        metadata,
        as_object(get("state")),
    )


def _edges(value: Any, events: list[Event]) -> list[Edge]:
    found: dict[Edge, None] = {}
    for item in as_list(value):
        if not isinstance(item, dict):
            continue
        get = item.get
        source, target, kind = get("from"), get("to"), get("type")
        if type(source) is not str or type(target) is not str:
            source, target = _id(source), _id(target)
        if source and target and kind and isinstance(kind, str):
            found[source, target, kind] = None
    if found:
        return list(found)
    for event in events:
        target, kind = _id(event.data.get("to")), as_text(event.data.get("type"))
        if event.data.get("action") == "edge_add" and event.node_id and target and kind:
            found[event.node_id, target, kind] = None
    return list(found)


def _events(value: Any) -> list[Event]:
    events: list[Event] = []
    for position, item in enumerate(as_list(value)):
        if isinstance(item, dict):
            get = item.get
            kind = get("eventType")
            if type(kind) is not str or not kind:
                kind = as_text(get("type")) or ""
            node_id, time, data = get("nodeId"), get("timestamp"), get("data")
            if type(node_id) is not str:
                node_id = _id(node_id) or ""
            time = time * 1000 if type(time) is int and FIRST_MS < time < LAST_MS else moment(time)
            events.append(Event(kind, node_id, time, data if isinstance(data, dict) else {}, position))
    return events


def _nodes_from_events(events: list[Event], edges: list[Edge]) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for event in events:
        if event.kind in STARTS and event.node_id and event.node_id not in nodes:
            kind = _word(event.data.get("type") or _STARTED_AS[event.kind], NODE_TYPES)
            nodes[event.node_id] = Node(
                id=event.node_id, type=kind, name=_id(event.data.get("name")) or kind,
                status="running", position=len(nodes), start=event.time, parent_id=_id(event.data.get("parentId")),
            )  # fmt: skip
        node = nodes.get(event.node_id)
        if node is not None:
            _follow(node, event)
    for source, target, kind in edges:
        child = nodes.get(target)
        if kind == "spawned" and child is not None and child.parent_id is None:
            child.parent_id = source
    return nodes


def _follow(node: Node, event: Event) -> None:
    if event.kind in ("agent_end", "tool_end"):
        status = event.data.get("status", "completed" if event.kind == "tool_end" else None)
        node.status, node.end = _word(status, STATUSES), event.time
    elif event.kind == "tool_error":
        node.status, node.end = "failed", event.time
        node.metadata["error"] = event.data.get("error")
    elif event.kind == "timeout":
        node.status, node.end = "timeout", event.time
    elif event.data.get("action") == "state_update":
        node.state.update((key, value) for key, value in event.data.items() if key != "action")
