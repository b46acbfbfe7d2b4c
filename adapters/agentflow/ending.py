"""How a run ended: the graph's own word, corrected where a retry made good what had failed."""

from __future__ import annotations

from collections import defaultdict

from soma.model import Status

from .graph import FAILED, Graph
from .infer import error_of

_STATUSES: dict[str, Status] = {"completed": "completed", "failed": "failed", "hung": "failed", "timeout": "failed"}


def written_status(graph: Graph) -> str:
    """The status the graph states; where it states none, that of its root, which is the run itself."""
    if graph.status != "unknown" or graph.root is None:
        return graph.status
    return graph.root.status


def has_recovered(graph: Graph) -> bool:
    """Whether the graph is called failed only for steps whose retries succeeded.

    The library calls a graph failed as soon as one node failed. A failed node counts as made good when a chain of
    ``retried`` edges leads from it to a node that completed and was not retried again; every failed node must be.
    """
    if written_status(graph) != "failed":
        return False
    failed = {node.id for node in graph.nodes.values() if node.status in FAILED}
    return bool(failed) and failed <= _made_good(graph)


def status_of(graph: Graph) -> Status:
    """``completed``, ``failed``, or ``unknown`` for a run that was still going on when it was written.

    A run that recovered ended the way its steps ended once the failures made good are set aside.
    """
    if not has_recovered(graph):
        return _STATUSES.get(written_status(graph), "unknown")
    running = any(node.status == "running" for node in graph.nodes.values())
    return "unknown" if running or (graph.root is not None and graph.root.status != "completed") else "completed"


def error_of_run(graph: Graph) -> str | None:
    """The message of the root, else of the first step that failed for good."""
    if status_of(graph) != "failed":
        return None
    told = error_of(graph.root) if graph.root is not None else None
    if told is not None:
        return told
    made_good = _made_good(graph)
    lasting = (node for node in graph.nodes.values() if node.status in FAILED and node.id not in made_good)
    return next((message for node in lasting if (message := error_of(node)) is not None), None)


def _made_good(graph: Graph) -> set[str]:
    """Nodes from which a chain of retries leads to success, found by walking back from where chains end."""
    retries_of: dict[str, list[str]] = defaultdict(list)
    retried: set[str] = set()
    for source, target, kind in graph.edges:
        if kind == "retried" and source in graph.nodes and target in graph.nodes:
            retries_of[target].append(source)
            retried.add(source)
    ends = [node.id for node in graph.nodes.values() if node.status == "completed" and node.id not in retried]
    found: set[str] = set()
    while ends:
        for earlier in retries_of[ends.pop()]:
            if earlier not in found:
                found.add(earlier)
                ends.append(earlier)
    return found
