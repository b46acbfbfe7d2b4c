"""Which decisions a graph shows: nodes and edges to drafts, by the rules in ``map``."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from operator import itemgetter
from typing import Any

import msgspec

from soma import clock, codec
from soma.adapters.blocks.document import as_object, as_text
from soma.model import DecisionDraft, Outcome
from soma.text import clip

from .choices import Choice, choices, enrich, guards, merged, own_decision
from .graph import FAILED, STARTS, Graph, Node
from .values import count, written

OUTCOMES: dict[str, Outcome] = {"completed": "ok", "failed": "failed", "hung": "failed", "timeout": "timeout"}
_ARGUMENT_KEYS = ("args", "arguments", "input")
_NOT_ARGUMENTS = frozenset({"error", "errorStack", "semantic", "usage", "model", "result", "output", "status",
                            "startTime", "endTime"})  # fmt: skip
_LONGEST_PATH = 32
_NO_TOKENS = (None, None)
_Place = tuple[int, int, int]


class _Links(msgspec.Struct):
    """The edges that carry decisions, looked up from both ends."""

    retried: set[str]
    branched_from: dict[str, str]
    branched_to: dict[str, list[str]]
    parents: set[str]


def decisions_of(graph: Graph) -> list[DecisionDraft]:
    """The decisions of the run in the order they were taken."""
    links = _links(graph)
    places = _places(graph)
    drafts: dict[str, DecisionDraft] = {}
    for node in graph.nodes.values():
        draft = _decision(node, graph, links)
        if draft is not None:
            drafts[node.id] = draft
    stated = [(choice.event, own_decision(choice)) for choice in _unclaimed(graph, drafts, places)]
    _share_alternatives(graph, drafts, links)
    found = [(places[node_id], draft) for node_id, draft in drafts.items()]
    if stated := [*stated, *guards(graph)]:
        when = _event_times(graph)
        found += [((when[event.position], event.position, 0), draft) for event, draft in stated]
    found.sort(key=itemgetter(0))
    return [draft for _, draft in found]


def error_of(node: Node) -> str | None:
    """The message of a node that failed."""
    error = node.metadata.get("error") or node.state.get("error")
    if error is None:
        return None
    return as_text(as_object(error).get("message")) or written(error)


def tokens_of(node: Node) -> tuple[int | None, int | None]:
    """Input and output tokens of a node; a bare ``tokenCost`` says neither, nor in which unit, and is left out."""
    usage = node.metadata.get("usage")
    if not isinstance(usage, dict):
        return _NO_TOKENS
    return count(usage.get("input_tokens")), count(usage.get("output_tokens"))


def model_of(node: Node) -> str | None:
    """The model a node names."""
    metadata = node.metadata
    if "semantic" not in metadata and "model" not in metadata:
        return None
    return as_text(node.semantic.get("modelId")) or as_text(metadata.get("model"))


def _links(graph: Graph) -> _Links:
    links = _Links(set(), {}, defaultdict(list), set())
    nodes, parents = graph.nodes, links.parents
    for source, target, kind in graph.edges:
        if source not in nodes or target not in nodes or source == target:
            continue
        if kind == "retried":
            links.retried.add(target)
        elif kind == "branched":
            links.branched_from.setdefault(target, source)
            links.branched_to[source].append(target)
        elif kind == "spawned":
            parents.add(source)
    for node in nodes.values():
        parent = node.parent_id
        if parent is not None and parent not in parents and parent in nodes and parent != node.id:
            parents.add(parent)
        if (
            node.children
            and node.id not in parents
            and any(child != node.id and child in nodes for child in node.children)
        ):
            parents.add(node.id)
    return links


def _places(graph: Graph) -> dict[str, _Place]:
    """Where each node comes in order: start time, then its start event, then its place in the file.

    A node without a start time stays behind the node written before it.
    """
    started: dict[str, int] = {}
    for event in graph.events:
        if event.kind in STARTS:
            started.setdefault(event.node_id, event.position)
    places: dict[str, _Place] = {}
    latest = 0
    for node in graph.nodes.values():
        latest = node.start if node.start is not None else latest
        places[node.id] = (latest, started.get(node.id, -1), node.position)
    return places


def _event_times(graph: Graph) -> dict[int, int]:
    """When each event happened; one without a time follows the event before it."""
    times: dict[int, int] = {}
    latest = graph.start or 0
    for event in graph.events:
        latest = event.time if event.time is not None else latest
        times[event.position] = latest
    return times


def _decision(node: Node, graph: Graph, links: _Links) -> DecisionDraft | None:
    is_run = node.id == graph.root_id and node.type in ("agent", "subagent")
    retried = node.id in links.retried
    draft = _base(node)
    if node.type == "tool":
        draft.tool, draft.arguments = node.name, _arguments(node)
    elif node.type in ("agent", "subagent") and not is_run:
        draft.kind, draft.action, draft.role = "delegation", f"delegate:{node.name}", "delegate"
        draft.arguments = _arguments(node)
    elif node.type == "decision" or _is_bare_branch(node, graph, links):
        targets = [graph.nodes[target].name for target in links.branched_to.get(node.id, ())]
        chosen = targets[0] if targets and node.type == "decision" else node.name
        draft.kind, draft.action, draft.role = "branch", f"branch:{chosen}", "plan"
        draft.arguments = {"node": node.name}
        draft.alternatives = targets[1:] or None
    elif retried and not is_run:
        draft.action, draft.role = f"retry:{node.name}", "other"
    elif node.status in FAILED and _is_leaf(node, graph, links):
        draft.kind, draft.action, draft.role = "failure", f"failure:{node.name}", "other"
        draft.arguments = {"path": _path(node, graph)}
    else:
        return None
    if retried:
        draft.kind = "retry"
    return draft


def _is_bare_branch(node: Node, graph: Graph, links: _Links) -> bool:
    """Whether the node was chosen by a branch that no decision node stands for."""
    source = links.branched_from.get(node.id)
    return source is not None and node.id != graph.root_id and graph.nodes[source].type != "decision"


def _is_leaf(node: Node, graph: Graph, links: _Links) -> bool:
    """Whether nothing happened under the node; under the root everything did, linked or not."""
    return len(graph.nodes) == 1 if node.id == graph.root_id else node.id not in links.parents


def _base(node: Node) -> DecisionDraft:
    tokens_in, tokens_out = tokens_of(node)
    output, error = _output(node), error_of(node)
    return DecisionDraft(
        tool="",
        outcome=OUTCOMES.get(node.status, "unknown"),
        output=None if output is None else clip(output),
        error=None if error is None else clip(error),
        started_at=node.start,
        duration_ms=clock.elapsed_ms(node.start, node.end),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=model_of(node),
        native_id=node.id,
    )


def _arguments(node: Node) -> Any:
    for key in _ARGUMENT_KEYS:
        value = node.metadata.get(key)
        if value is not None:
            return _parsed(value)
    return {key: value for key, value in node.metadata.items() if key not in _NOT_ARGUMENTS} or None


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value if isinstance(value, dict | str) else written(value)
    try:
        parsed = codec.decode(value)
    except codec.Undecodable:
        return value
    return parsed if isinstance(parsed, dict) else value


def _output(node: Node) -> str | None:
    state = node.state
    if "error" in state:
        state = {key: value for key, value in state.items() if key != "error"}
    if len(state) == 1 and "output" in state:
        return written(state["output"])
    return written(state) or written(node.metadata.get("result")) or written(node.metadata.get("output"))


def _path(node: Node, graph: Graph) -> list[str]:
    """Names from the root down to the node; of a longer way the last ``_LONGEST_PATH`` steps."""
    names: list[str] = []
    step: Node | None = node
    while step is not None and len(names) < _LONGEST_PATH:
        names.append(step.name)
        step = graph.nodes.get(step.parent_id) if step.parent_id and step.id != graph.root_id else None
    return names[::-1]


def _unclaimed(graph: Graph, drafts: dict[str, DecisionDraft], places: dict[str, _Place]) -> list[Choice]:
    """Give every stated decision to the node it belongs to; what belongs to none is returned."""
    stated = list(choices(graph))
    if not stated:
        return []
    order = sorted(drafts, key=lambda node_id: places[node_id])
    starts = sorted((places[node_id][1], node_id) for node_id in order if places[node_id][1] >= 0)
    times = [places[node_id][0] for node_id in order]
    enriched: set[str] = set()
    left = []
    for choice in stated:
        event = choice.event
        node_id: str | None = event.node_id if event.node_id in drafts else None
        if node_id is None:
            if starts:
                after = bisect_right(starts, (event.position, "\U0010ffff"))
                node_id = starts[after][1] if after < len(starts) else None
            elif event.time is not None:
                after = bisect_left(times, event.time)
                node_id = order[after] if after < len(order) else None
            if node_id is not None and graph.nodes[node_id].name != choice.choice:
                node_id = None
        if node_id is None or node_id in enriched:
            left.append(choice)
            continue
        enriched.add(node_id)
        _settle(drafts[node_id], choice, graph.nodes[node_id])
    return left


def _settle(draft: DecisionDraft, choice: Choice, node: Node) -> None:
    if draft.action.startswith("branch:") and node.type == "decision":
        if draft.alternatives:
            # Several paths were taken: the one that seemed chosen may not be the one the agent names.
            draft.alternatives = [draft.action.removeprefix("branch:"), *draft.alternatives]
        draft.action = f"branch:{choice.choice}"
        if choice.context:
            draft.arguments = {"node": node.name, "context": choice.context}
        enrich(draft, choice, choice.choice)
    else:
        enrich(draft, choice, node.name)


def _share_alternatives(graph: Graph, drafts: dict[str, DecisionDraft], links: _Links) -> None:
    """What a branch left aside are the alternatives of the node it led to as well."""
    for source, targets in links.branched_to.items():
        stated = drafts[source].alternatives if source in drafts else None
        names = [graph.nodes[target].name for target in targets[:100]]
        for target in targets:
            draft = drafts.get(target)
            if draft is not None:
                own = graph.nodes[target].name
                siblings = merged(names, stated, without=(own,))
                draft.alternatives = merged(draft.alternatives, siblings or None)
