"""The 24 graphs against what the run that wrote them counted itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma.adapters.agentflow import ADAPTER
from soma.adapters.agentflow.graph import load
from soma.model import ExecutionDraft
from tests.adapters import reading

_STATUS = {"completed": "completed", "failed": "failed", "running": "unknown"}
_BAD = {"failed", "hung", "timeout"}


def _raw_nodes(graph: dict[str, Any]) -> list[dict[str, Any]]:
    nodes = graph["nodes"]
    return list(nodes.values()) if isinstance(nodes, dict) else [pair[1] for pair in nodes]


def _is_made_good(graph: dict[str, Any]) -> bool:
    """From the edges alone: every failed step has a retry that leads to a completed one."""
    nodes = {node["id"]: node["status"] for node in _raw_nodes(graph)}
    next_try = {edge["from"]: edge["to"] for edge in graph["edges"] if edge["type"] == "retried"}
    failed = [node_id for node_id, status in nodes.items() if status in _BAD]
    for node_id in failed:
        while node_id in next_try:
            node_id = next_try[node_id]
        if nodes[node_id] != "completed":
            return False
    return bool(failed)


def _check_folder(folder: Path) -> None:
    expected = msgspec.json.decode((folder / "_expected.json").read_bytes())
    assert len(expected) == len(list(folder.glob("*.json"))) - 1
    out = reading.run(ADAPTER, *(folder / row["file"] for row in expected))
    assert out.damage == []
    executions: dict[str, ExecutionDraft] = {
        Path(source.path).name: execution
        for source in out.sources
        for execution in out.executions
        if execution.source_id == source.source_id
    }
    assert len(executions) == len(out.by_id()) == len(expected), "one run a file, although every graph is node_001"
    for row in expected:
        path = folder / row["file"]
        raw = msgspec.json.decode(path.read_bytes())
        nodes = _raw_nodes(raw)
        execution = executions[row["file"]]
        tools = [decision for decision in execution.decisions if decision.tool]
        graph = load(raw)
        assert (len(graph.nodes), len(graph.events)) == (row["nodes"], row["events"]), row["file"]
        assert execution.agent_id == row["agentId"]
        assert len(tools) == row["tools"], row["file"]
        assert sum(decision.outcome in ("failed", "timeout") for decision in tools) == row["failedTools"], row["file"]
        assert execution.labels["graph_status"] == row["status"]
        # The graph's status stands except where its own retried edges show that what failed was made good.
        recovered = row["status"] == "failed" and _is_made_good(raw)
        assert (execution.labels.get("recovered") == "true") is recovered
        assert execution.status == ("completed" if recovered else _STATUS[row["status"]]), row["file"]
        assert execution.success is None
        assert [decision.duration_ms for decision in tools] == [
            node["endTime"] - node["startTime"] for node in nodes if node["type"] == "tool"
        ]
        assert [decision.arguments for decision in tools] == [
            node["metadata"]["args"] for node in nodes if node["type"] == "tool"
        ]
        assert [decision.error for decision in tools] == [
            node["metadata"].get("error") for node in nodes if node["type"] == "tool"
        ]
        assert sum(decision.kind == "delegation" for decision in execution.decisions) == sum(
            node["type"] == "subagent" for node in nodes
        )
        assert len(execution.decisions) == sum(node["type"] in ("tool", "subagent", "decision") for node in nodes)
        assert execution.started_at == raw["startTime"] * 1000
        assert execution.ended_at == (raw["endTime"] * 1000 if raw["endTime"] is not None else None)
        stated = [event for event in raw["events"] if event["eventType"] == "decision"]
        assert sum(decision.confidence is not None for decision in execution.decisions) == len(stated)
        assert {(decision.offset, decision.length) for decision in execution.decisions} == {(0, path.stat().st_size)}


def test_the_shipped_graphs_give_the_counts_of_the_run_that_wrote_them(fixtures: Path) -> None:
    _check_folder(fixtures / "agentflow")


@pytest.mark.corpus
def test_the_corpus_gives_the_counts_of_the_run_that_wrote_it(corpus: Path) -> None:
    _check_folder(corpus / "agentflow")


@pytest.mark.corpus
def test_only_the_graphs_of_the_corpus_are_claimed(corpus: Path) -> None:
    claimed = {path.name for path in (corpus / "agentflow").glob("*.json") if reading.sniff(ADAPTER, path)}
    assert claimed == {path.name for path in (corpus / "agentflow").glob("*.json")} - {"_expected.json"}
    others = [path for path in corpus.rglob("*.json*") if path.is_file() and path.parent.name != "agentflow"]
    assert len(others) > 100
    assert [path for path in others if reading.sniff(ADAPTER, path)] == []
