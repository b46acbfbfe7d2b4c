"""Graphs that are wrong, endless or made to break: never an exception, never an invalid draft."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.agentflow import ADAPTER
from soma.adapters.contract import Yield
from soma.model import OUTCOMES, ExecutionDraft, PatternDraft
from soma.source import DEFAULT_LIMITS, Damage, Record, Source
from tests.adapters import reading

from .test_agentflow_decisions import graph, node, run

ODD: list[Any] = [
    None,
    True,
    -1,
    80,
    10**30,
    1e308,
    math.inf,
    "",
    "²",
    "x" * 300,
    "2026-13-45T99:99",
    [],
    [[]],
    {},
    {"id": []},
]
_NODES = ("nodes", "edges", "events", "status", "id", "rootNodeId", "agentId", "startTime", "endTime", "traceId",
          "spanId", "parentSpanId", "metadata", "operatorContext", "trigger")  # fmt: skip


def _drafts(*values: Any) -> list[Any]:
    source = Source("/graph.json", "src-1", size=100)
    return list(ADAPTER.map(Record(source, 0, 100, value) for value in values))


def _check(drafts: list[Any]) -> None:
    for draft in drafts:
        if isinstance(draft, PatternDraft | Damage):
            assert draft.source_id == "src-1"
            continue
        assert isinstance(draft, ExecutionDraft)
        # The typed round trip finds every field of a wrong type.
        msgspec.convert(msgspec.to_builtins(draft), ExecutionDraft)
        assert draft.execution_id in draft.claims
        assert draft.status in ("completed", "failed", "unknown")
        for decision in draft.decisions:
            assert decision.outcome in OUTCOMES
            assert decision.tool or decision.action
            assert decision.duration_ms is None or decision.duration_ms >= 0
            assert decision.confidence is None or 0 <= decision.confidence <= 1


@pytest.mark.parametrize("field", _NODES)
def test_any_field_of_a_graph_may_hold_anything(field: str) -> None:
    base = graph(node("a"), node("d", "decision"), edges=[("d", "a", "branched")])
    for odd in ODD:
        drafts = _drafts({**base, field: odd})
        assert len(drafts) == 1
        _check(drafts)


def test_any_field_of_a_node_event_or_edge_may_hold_anything() -> None:
    data = {"choice": "c", "guardViolation": "g"}
    event = {"eventType": "decision", "nodeId": "a", "timestamp": 1, "data": data}
    for odd in ODD:
        for key in node("a"):
            _check(_drafts(graph({**node("a"), "id": "a", key: odd} | ({"id": "a"} if key == "id" else {}))))
        for key in event:
            _check(_drafts(graph(node("a"), events=[{**event, key: odd}])))
        for key in ("choice", "alternatives", "rationale", "confidence", "outcome", "severity", "message", "context",
                    "decisionType", "guardViolation"):  # fmt: skip
            for place in ("a", ""):
                _check(_drafts(graph(node("a"), events=[{**event, "nodeId": place, "data": {**data, key: odd}}])))
        for key in ("from", "to", "type"):
            base = graph(node("a"))
            _check(_drafts({**base, "edges": [{"from": "root", "to": "a", "type": "retried", key: odd}, odd]}))
        for key in ("semantic", "usage", "args", "error", "model"):
            _check(_drafts(graph(node("a", metadata={key: odd, "usage": {"input_tokens": odd}}))))


def test_any_field_of_an_event_about_a_run_may_hold_anything(fixtures: Path) -> None:
    lines = (fixtures / "agentflow" / "forms" / "run-log.jsonl").read_bytes().splitlines()
    for value in map(msgspec.json.decode, lines):
        for key in (*value, "usage", "semantic", "operatorContext", "pattern", "evidence", "duration", "violations"):
            for odd in ODD:
                drafts = _drafts({**value, key: odd})
                assert len(drafts) <= 1
                _check(drafts)


def test_what_is_no_record_of_the_format_is_damage() -> None:
    drafts = _drafts(*ODD)
    assert len(drafts) == len(ODD)
    assert all(isinstance(draft, Damage) for draft in drafts)


def test_six_thousand_levels_are_walked(tmp_path: Path) -> None:
    levels = 6000
    chain = [
        node(f"n{i}", "subagent" if i < levels else "wait", at=i, parentId=f"n{i - 1}" if i else "root",
             children=[f"n{i + 1}"] if i < levels else [], status="failed")
        for i in range(levels + 1)
    ]  # fmt: skip
    edges = [(f"n{i}", f"n{i + 1}", "retried") for i in range(levels)]
    execution = run(tmp_path, graph(*chain, edges=edges, status="failed"))
    assert len(execution.decisions) == levels + 1
    assert execution.status == "failed"


def test_children_in_a_circle_end(tmp_path: Path) -> None:
    first = node("a", "wait", parentId="b", children=["b"], status="failed")
    second = node("b", "wait", parentId="a", children=["a"], status="failed")
    alone = node("c", "wait", parentId="c", children=["c"], status="failed")
    execution = run(tmp_path, graph(first, second, alone, status="failed"))
    assert [decision.action for decision in execution.decisions] == ["failure:wait-c"]


def test_nesting_beyond_the_stack_is_damage_or_data(tmp_path: Path) -> None:
    for depth in (800, 100_000):
        deep = b"[" * depth + b"]" * depth
        path = tmp_path / "deep.json"
        path.write_bytes(
            msgspec.json.encode(graph(node("a", metadata={"args": 1}))).replace(b'"args":1', b'"args":' + deep)
        )
        out = reading.run(ADAPTER, path)
        assert len(out.executions) + len(out.damage) == 1


def test_a_graph_over_the_limit_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    for value in (graph(node("a")), [graph(node("a"))]):
        path.write_bytes(msgspec.json.encode(value))
        out = reading.run(ADAPTER, path, limits=msgspec.structs.replace(DEFAULT_LIMITS, document_bytes=100))
        assert (len(out.executions), len(out.damage)) == (0, 1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_graphs_never_raise(data: st.DataObject, fixtures: Path, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(["curator-0.json", "forms/recovered.json", "forms/trace-events.json",
                                      "forms/lost-nodes.json", "forms/run-log.jsonl"]))  # fmt: skip
    raw = (fixtures / "agentflow" / name).read_bytes()
    if data.draw(st.booleans()):
        mutated = bytearray(raw)
        for _ in range(data.draw(st.integers(1, 6))):
            mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
        raw = bytes(mutated[: data.draw(st.integers(1, len(mutated)))])
    else:
        values = [msgspec.json.decode(line) for line in (raw.splitlines() if name.endswith("l") else [raw])]
        value = data.draw(st.sampled_from(values))
        for _ in range(data.draw(st.integers(1, 4))):
            _mutate(value, data)
        raw = msgspec.json.encode(value)
    path = tmp_path / "mutated.json"
    path.write_bytes(raw)
    reading.sniff(ADAPTER, path)
    out = reading.run(ADAPTER, path)
    found: list[Yield] = [*out.executions, *out.patterns, *out.damage]
    for draft in found:
        draft.source_id = "src-1"
    _check(found)


def _mutate(value: Any, data: st.DataObject) -> None:
    """Replace one value somewhere inside by one of another type."""
    while isinstance(value, dict | list) and value:
        key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        inner = value[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            value[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
            return
        value = inner
