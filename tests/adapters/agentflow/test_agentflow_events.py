"""Run-log events and patterns, and how an event meets the graph of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from soma.adapters.agentflow import ADAPTER
from tests.adapters import reading

from .test_agentflow_decisions import graph, node


def _log(fixtures: Path) -> reading.Readout:
    return reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "run-log.jsonl")


def test_every_event_is_a_run_without_decisions(fixtures: Path) -> None:
    out = _log(fixtures)
    assert out.damage == []
    runs = list(out.by_id().values())
    assert [(run.agent_id, run.status, run.labels["graph_status"]) for run in runs] == [
        ("pilot", "failed", "failed"),
        ("pilot", "unknown", "running"),
        ("pilot", "completed", "completed"),
        ("diver", "completed", "completed"),
    ]
    assert all(run.labels["record"] == "run-log" and run.decisions == [] for run in runs)
    assert [(run.ended_at - run.started_at) / 1000 if run.ended_at and run.started_at else None for run in runs] == [
        1000,
        None,
        500,
        2500,
    ]


def test_an_event_tells_what_it_knows_of_the_run(fixtures: Path) -> None:
    run = _log(fixtures).executions[0]
    assert run.execution_id == "af:harbour-12"
    assert (run.error, run.task_text, run.model) == ("no berth", "docking", "tiny-1")
    assert (run.tokens_in, run.tokens_out) == (10, 4)
    assert (run.operator_id, run.session_id, run.team_id, run.instance_id) == (
        "operator-9",
        "session-09",
        "harbour",
        "i-1",
    )
    assert _log(fixtures).executions[2].labels["guards"] == "1"


def test_patterns_of_both_forms_become_claims_with_their_evidence(fixtures: Path) -> None:
    told, counted = _log(fixtures).patterns
    assert (told.pattern_id, told.pattern_type, told.agents) == ("af:pat-1", "failure_cluster", ["pilot", "diver"])
    assert (told.claim, told.confidence) == ("Docking fails when the tide is low", 0.7)
    assert told.evidence == ["af:harbour-12", "af:dive-3"]
    assert set(told.evidence) <= set(_log(fixtures).by_id())
    assert counted.claim == "pilot: 10 runs took 2 paths; 8 of them agent:pilot→tool:dock"
    assert (counted.agents, counted.confidence, counted.evidence) == (["pilot"], None, [])


def _event(**changes: Any) -> dict[str, Any]:
    fields = {"eventType": "execution.completed", "graphId": "order-77", "agentId": "agent-x", "status": "completed",
              "timestamp": 1_793_000_000_200, "duration": 100, "schemaVersion": 1}  # fmt: skip
    return {**fields, **changes}


def _write(path: Path, value: Any) -> Path:
    path.write_bytes(msgspec.json.encode(value))
    return path


def test_an_event_takes_the_identity_of_the_graph_it_speaks_of(tmp_path: Path) -> None:
    traced = _write(tmp_path / "graph.json", graph(node("a"), id="order-77", traceId="t", spanId="s"))
    event = _write(tmp_path / "event.json", _event())
    assert reading.sniff(ADAPTER, event) is not None
    for order in ((traced, event), (event, traced)):
        out = reading.run(ADAPTER, *order)
        assert [draft.execution_id for draft in out.executions] == ["af:t/s", "af:t/s"]
        assert set(out.executions[0].claims) & set(out.executions[1].claims)
    (alone,) = reading.run(ADAPTER, event).executions
    assert alone.execution_id == "af:order-77"
    assert alone.execution_id in reading.run(ADAPTER, traced).executions[0].claims


def test_an_event_of_another_agent_or_of_two_runs_stays_its_own(tmp_path: Path) -> None:
    first = _write(tmp_path / "1.json", graph(node("a"), id="order-77", traceId="t1"))
    second = _write(tmp_path / "2.json", graph(node("a"), id="order-77", traceId="t2"))
    event = _write(tmp_path / "event.json", _event())
    assert set(reading.run(ADAPTER, first, second, event).by_id()) == {"af:t1", "af:t2", "af:order-77"}
    other = _write(tmp_path / "event.json", _event(agentId="agent-y"))
    assert set(reading.run(ADAPTER, first, other).by_id()) == {"af:t1", "af:order-77"}


def test_events_about_default_ids_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    events = [_event(graphId="node_001", duration=duration) for duration in (1, 2, 2)]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, events)) + b"\n")
    ids = [draft.execution_id for draft in reading.run(ADAPTER, path).executions]
    assert len(set(ids)) == 2
    assert ids[1] == ids[2]
    assert not any("node_001" in execution_id for execution_id in ids)
