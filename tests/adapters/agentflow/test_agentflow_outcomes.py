"""How a run ended: the graph's word, and the runs that it calls failed although they recovered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .test_agentflow_decisions import graph, node, run

RETRIED = ("a", "b", "retried")


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "root", "expected"),
    [
        ("retried once", [("a", "failed"), ("b", "completed")], [RETRIED], "completed", "completed"),
        ("retried in vain", [("a", "failed"), ("b", "timeout")], [RETRIED], "completed", "failed"),
        ("never retried", [("a", "failed"), ("b", "completed")], [], "completed", "failed"),
        ("the agent itself failed", [("a", "failed"), ("b", "completed")], [RETRIED], "failed", "failed"),
        ("still running", [("a", "failed"), ("b", "completed")], [RETRIED], "running", "unknown"),
        ("retry still running", [("a", "failed"), ("b", "running")], [RETRIED], "completed", "failed"),
        ("another step failed", [("a", "hung"), ("b", "completed"), ("c", "failed")], [RETRIED], "completed", "failed"),
        ("retries in a circle", [("a", "failed"), ("b", "failed")], [RETRIED, ("b", "a", "retried")], "completed",
         "failed"),
        ("a chain", [("a", "failed"), ("b", "timeout"), ("c", "completed")], [RETRIED, ("b", "c", "retried")],
         "completed", "completed"),
        ("retried from nowhere", [("a", "failed")], [("gone", "a", "retried")], "completed", "failed"),
    ],
)  # fmt: skip
def test_a_failed_graph_is_judged_by_its_retries(
    tmp_path: Path, name: str, nodes: list[tuple[str, str]], edges: list[Any], root: str, expected: str
) -> None:
    value = graph(*(node(n, at=i, status=s) for i, (n, s) in enumerate(nodes)), edges=edges, status="failed")
    value["nodes"]["root"]["status"] = root
    execution = run(tmp_path, value)
    assert execution.status == expected, name
    assert execution.labels["graph_status"] == "failed"
    assert ("recovered" in execution.labels) is (expected != "failed")


def test_a_recovered_run_keeps_its_failed_decision(tmp_path: Path) -> None:
    value = graph(node("a", status="failed"), node("b", at=1), edges=[RETRIED], status="failed")
    value["nodes"]["root"]["status"] = "completed"
    execution = run(tmp_path, value)
    assert [(d.kind, d.outcome) for d in execution.decisions] == [("tool_choice", "failed"), ("retry", "ok")]
    assert execution.error is None


@pytest.mark.parametrize(
    ("stated", "root", "expected"),
    [
        ("completed", "failed", "completed"),
        ("running", "running", "unknown"),
        (None, "completed", "completed"),
        (None, "hung", "failed"),
        (None, 80, "unknown"),
        ("done", "completed", "completed"),
        (1, "running", "unknown"),
    ],
)
def test_the_graphs_word_comes_first_then_its_roots(tmp_path: Path, stated: Any, root: Any, expected: str) -> None:
    value = graph(node("a"))
    value["nodes"]["root"]["status"] = root
    value["status"] = stated
    assert run(tmp_path, value).status == expected


def test_a_running_run_has_no_end(tmp_path: Path) -> None:
    assert run(tmp_path, graph(status="running", endTime=None)).ended_at is None
