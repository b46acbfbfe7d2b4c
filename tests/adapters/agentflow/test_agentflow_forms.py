"""One run in every way it can lie on disk, and what makes it the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma.adapters.agentflow import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters import reading

from .test_agentflow_decisions import graph, node


def _write(path: Path, value: Any) -> Path:
    path.write_bytes(msgspec.json.encode(value))
    return path


def _forms(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    nodes = value["nodes"]
    return {
        "by-id": value,
        "pairs": {**value, "nodes": [[key, item] for key, item in nodes.items()]},
        "objects": {**value, "nodes": list(nodes.values())},
    }


def test_all_encodings_of_nodes_give_the_same_run(tmp_path: Path, fixtures: Path) -> None:
    value = msgspec.json.decode((fixtures / "agentflow" / "curator-0.json").read_bytes())
    drafts = []
    for name, form in _forms(value).items():
        (draft,) = reading.run(ADAPTER, _write(tmp_path / f"{name}.json", form)).executions
        drafts.append(_without_place(draft))
    assert len(drafts[0].decisions) == 5
    assert drafts[0] == drafts[1] == drafts[2]


def test_lost_nodes_are_rebuilt_from_events(tmp_path: Path, fixtures: Path) -> None:
    value = msgspec.json.decode((fixtures / "agentflow" / "curator-1.json").read_bytes())
    (whole,) = reading.run(ADAPTER, _write(tmp_path / "whole.json", value)).executions
    (lost,) = reading.run(ADAPTER, _write(tmp_path / "lost.json", {**value, "nodes": {}})).executions
    facts = [
        [
            (d.kind, d.tool or d.action, d.outcome, d.error, d.output, d.duration_ms, d.reasoning)
            for d in draft.decisions
        ]
        for draft in (whole, lost)
    ]
    assert facts[0] == facts[1]
    assert len(facts[0]) == 5
    assert lost.execution_id == whole.execution_id
    assert lost.labels["nodes"] == "lost"


def test_events_of_the_tool_kind_rebuild_steps_too(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "lost-nodes.json").executions
    assert [(d.kind, d.tool or d.action, d.outcome) for d in execution.decisions] == [
        ("tool_choice", "measure", "ok"),
        ("tool_choice", "water", "failed"),
        ("delegation", "delegate:plumber", "unknown"),
    ]
    assert execution.decisions[0].output == "dry"
    assert execution.error == "valve stuck"


def test_iso_times_and_a_status_in_metadata_are_read(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "trace-events.json").executions
    assert execution.execution_id == "af:ledger-2026-11-02-17"
    assert (execution.status, execution.agent_id) == ("failed", "ledger")
    assert (execution.ended_at or 0) - (execution.started_at or 0) == 9_000_000
    assert execution.task_text == "Close the books of May"
    assert [d.duration_ms for d in execution.decisions if d.tool] == [1500.0, 250.0]


def test_a_wrapper_file_has_no_end_but_that_of_its_root(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "wrapper.json").executions
    assert (execution.status, execution.labels["name"]) == ("completed", "nightly scrape")
    assert execution.ended_at == 1_793_667_605_000_000
    assert [(d.tool, d.outcome) for d in execution.decisions] == [("get", "ok"), ("store", "unknown")]


def test_every_form_is_recognised_by_its_content(fixtures: Path) -> None:
    found = {path.name: reading.sniff(ADAPTER, path) for path in (fixtures / "agentflow" / "forms").iterdir()}
    variants = {name: match.variant for name, match in found.items() if match}
    assert variants == {
        "lost-nodes.json": "graph",
        "recovered.json": "graph",
        "run-log.jsonl": "run",
        "trace-events.json": "graph",
        "wrapper.json": "graph",
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes": [], "edges": []}',
        '{"nodes": [{"id": 1, "label": "x"}], "edges": [{"source": 1, "target": 2}]}',
        '{"hello": 1}',
        "[1, 2]",
        "42",
        '{"eventType": "insight.generated", "agentId": "a"}',
        '{"eventType": "order.completed", "agentId": "a"}',
        '{"type": "execution", "name": "x"}',
        '{"rootId": "r", "nodes": {}}',
        '{"nodes": {"a": {"displayName": "Text", "props": {}}}, "rootId": "a"}',
        "---\ntype: 'execution'\n---\n# Execution",
        "",
    ],
)
def test_what_is_no_graph_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "node_001.json"
    path.write_text(text)
    assert reading.sniff(ADAPTER, path) is None


def test_a_graph_longer_than_the_head_is_recognised(tmp_path: Path) -> None:
    nodes = [node(str(index), at=index, metadata={"args": {"text": "x" * 500}}) for index in range(1000)]
    value = graph(*nodes)
    for order in (list(value), [*reversed(list(value))]):
        path = _write(tmp_path / "long.json", {key: value[key] for key in order})
        assert reading.sniff(ADAPTER, path) is not None
        (execution,) = reading.run(ADAPTER, path).executions
        assert len(execution.decisions) == 1000


def test_arrays_and_lines_give_each_graph_its_own_bytes(tmp_path: Path) -> None:
    graphs = [graph(node("a"), traceId=f"t-{index}") for index in range(3)]
    items = [msgspec.json.encode(item) for item in graphs]
    for name, data in (("a.json", b"[ " + b" ,\n ".join(items) + b"]\n"), ("a.jsonl", b"\n".join(items) + b"\n")):
        path = tmp_path / name
        path.write_bytes(data)
        assert reading.sniff(ADAPTER, path) is not None
        out = reading.run(ADAPTER, path)
        assert [e.execution_id for e in out.executions] == ["af:t-0", "af:t-1", "af:t-2"]
        for execution, item in zip(out.executions, items, strict=True):
            decision = execution.decisions[0]
            assert data[decision.offset : decision.offset + decision.length].strip() == item


def test_lines_longer_than_the_head_are_still_lines(tmp_path: Path) -> None:
    long = graph(node("a", metadata={"args": {"text": "x" * 300_000}}), traceId="t-long")
    path = tmp_path / "long.jsonl"
    path.write_bytes(msgspec.json.encode(long) + b"\n" + msgspec.json.encode(graph(node("a"), traceId="t-2")) + b"\n")
    assert [e.execution_id for e in reading.run(ADAPTER, path).executions] == ["af:t-long", "af:t-2"]


def test_a_torn_last_line_waits_and_a_torn_document_is_damage(tmp_path: Path) -> None:
    whole = msgspec.json.encode(graph(node("a")))
    lines = tmp_path / "torn.jsonl"
    lines.write_bytes(whole + b"\n" + whole[:-20])
    out = reading.run(ADAPTER, lines)
    assert len(out.executions) == 1
    assert (out.damage, out.sources[0].bytes_read) == ([], len(whole) + 1)
    document = tmp_path / "torn.json"
    document.write_bytes(whole[:-20])
    out = reading.run(ADAPTER, document)
    assert (len(out.executions), len(out.damage)) == (0, 1)


def test_broken_items_of_an_array_do_not_hide_the_others(tmp_path: Path) -> None:
    whole = msgspec.json.encode(graph(node("a")))
    path = tmp_path / "mixed.json"
    path.write_bytes(b"[" + whole + b', 7, {"x": NaN}]')
    out = reading.run(ADAPTER, path)
    assert (len(out.executions), len(out.damage)) == (1, 2)


def _ids(folder: Path, **changes: Any) -> tuple[str, str]:
    """Execution ids of a graph with these fields, and of another run that differs in nothing but a result."""
    found = []
    for rows in (1, 2):
        value = graph(node("a", state={"rows": rows}), **changes)
        (draft,) = reading.run(ADAPTER, _write(folder / "g.json", value)).executions
        found.append(draft.execution_id)
    return found[0], found[1]


def test_a_run_is_known_by_its_trace_not_by_the_counter_of_the_library(tmp_path: Path) -> None:
    assert _ids(tmp_path, traceId="trace", spanId="span") == ("af:trace/span", "af:trace/span")
    assert _ids(tmp_path, traceId="trace") == ("af:trace", "af:trace")
    assert _ids(tmp_path, traceId=None, id="order-77") == ("af:order-77", "af:order-77")
    first, second = _ids(tmp_path, traceId=None, id="node_001")
    assert first != second
    assert first.startswith("af:") and "node" not in first


def test_without_any_id_the_content_decides_however_it_is_written(tmp_path: Path) -> None:
    value = graph(node("a"), node("b", at=3), traceId=None)
    ids = set()
    for name, form in _forms(value).items():
        ids |= {
            draft.execution_id for draft in reading.run(ADAPTER, _write(tmp_path / f"{name}.json", form)).executions
        }
    assert len(ids) == 1


def test_graphs_of_one_distributed_trace_are_runs_of_their_own(tmp_path: Path) -> None:
    parent = _write(tmp_path / "p.json", graph(node("a"), traceId="t", spanId="s1"))
    child = _write(tmp_path / "c.json", graph(node("a"), traceId="t", spanId="s2", parentSpanId="s1"))
    for order in ((parent, child), (child, parent)):
        found = reading.run(ADAPTER, *order).by_id()
        assert found["af:t/s2"].parent_execution_id == "af:t/s1"
        assert found["af:t/s1"].parent_execution_id is None
        assert set(found["af:t/s1"].claims) & set(found["af:t/s2"].claims)
    (alone,) = reading.run(ADAPTER, child).executions
    assert alone.parent_execution_id is None


def test_copies_of_a_graph_have_one_id(tmp_path: Path) -> None:
    grown = graph(node("a"), node("b", at=5))
    _write(tmp_path / "grown.json", grown)
    _write(tmp_path / "early.json", graph(node("a"), status="running"))
    out = reading.run(ADAPTER, tmp_path / "grown.json", tmp_path / "early.json")
    assert {draft.execution_id for draft in out.executions} == {"af:t-1"}


def test_the_operator_is_kept(tmp_path: Path) -> None:
    context = {"operatorId": "op", "sessionId": "se", "teamId": "te", "instanceId": "in"}
    (draft,) = reading.run(ADAPTER, _write(tmp_path / "o.json", graph(operatorContext=context))).executions
    assert (draft.operator_id, draft.session_id, draft.team_id, draft.instance_id) == ("op", "se", "te", "in")
    audit = {"eventType": "custom", "nodeId": "", "data": {"category": "security_audit", "operatorId": "op-2"}}
    (draft,) = reading.run(ADAPTER, _write(tmp_path / "o.json", graph(events=[audit]))).executions
    assert draft.operator_id == "op-2"


def test_the_default_agent_name_names_nobody(tmp_path: Path) -> None:
    (draft,) = reading.run(ADAPTER, _write(tmp_path / "u.json", graph(agentId="unknown"))).executions
    assert draft.agent_id == ""


def _without_place(draft: ExecutionDraft) -> ExecutionDraft:
    draft.source_id, draft.offset, draft.length = "", 0, 0
    for decision in draft.decisions:
        decision.source_id, decision.offset, decision.length = "", 0, 0
    return draft
