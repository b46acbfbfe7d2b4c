"""Which decisions a graph shows, and what the agent's own words add to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from soma.adapters.agentflow import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters import reading

T0 = 1_793_000_000_000


def node(node_id: str, kind: str = "tool", *, at: int = 0, status: Any = "completed", **more: Any) -> dict[str, Any]:
    fields = {"id": node_id, "type": kind, "name": f"{kind}-{node_id}", "startTime": T0 + at, "endTime": T0 + at + 5,
              "status": status, "parentId": "root", "children": [], "metadata": {}, "state": {}}  # fmt: skip
    return {**fields, **more}


def graph(*nodes: dict[str, Any], edges: Any = (), events: Any = (), status: str = "completed", **more: Any) -> Any:
    root = node("root", "agent", name="agent-x", parentId=None, status=status)
    steps = {item["id"]: item for item in (root, *nodes)}
    links = [{"from": source, "to": target, "type": kind} for source, target, kind in edges]
    fields = {"id": "node_001", "rootNodeId": "root", "nodes": steps, "edges": links, "events": list(events),
              "agentId": "agent-x", "status": status, "startTime": T0, "endTime": T0 + 100,
              "traceId": "t-1"}  # fmt: skip
    return {**fields, **more}


def run(folder: Path, value: Any) -> ExecutionDraft:
    path = folder / "graph.json"
    path.write_bytes(msgspec.json.encode(value))
    out = reading.run(ADAPTER, path)
    assert out.damage == []
    (execution,) = out.executions
    return execution


def named(execution: ExecutionDraft) -> list[tuple[str, str]]:
    return [(decision.kind, decision.action or decision.tool) for decision in execution.decisions]


def _event(node_id: str, at: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"eventType": kind, "nodeId": node_id, "timestamp": T0 + at, "data": data}


def test_every_node_type_gives_its_kind_of_decision_in_start_order(tmp_path: Path) -> None:
    execution = run(
        tmp_path,
        graph(
            node("late", at=50),
            node("s", "subagent", at=10),
            node("a", "agent", at=20),
            node("w", "wait", at=30),
            node("d", "decision", at=40),
            node("early", at=1),
        ),
    )
    assert named(execution) == [
        ("tool_choice", "tool-early"),
        ("delegation", "delegate:subagent-s"),
        ("delegation", "delegate:agent-a"),
        ("branch", "branch:decision-d"),
        ("tool_choice", "tool-late"),
    ]
    assert [decision.role for decision in execution.decisions] == ["", "delegate", "delegate", "plan", ""]


def test_nodes_that_start_together_keep_the_order_of_their_start_events(tmp_path: Path) -> None:
    events = [_event("b", 0, "agent_start"), _event("a", 0, "agent_start")]
    assert [d.tool for d in run(tmp_path, graph(node("a"), node("b"), events=events)).decisions] == ["tool-b", "tool-a"]
    assert [d.tool for d in run(tmp_path, graph(node("a"), node("b"))).decisions] == ["tool-a", "tool-b"]


def test_outcomes_are_those_of_the_nodes(tmp_path: Path) -> None:
    statuses = ["completed", "failed", "hung", "timeout", "running", "finished", 80, None]
    nodes = [node(str(index), at=index, status=status) for index, status in enumerate(statuses)]
    outcomes = [decision.outcome for decision in run(tmp_path, graph(*nodes)).decisions]
    assert outcomes == ["ok", "failed", "failed", "timeout", "unknown", "unknown", "unknown", "unknown"]


def test_a_retry_is_one_decision_of_kind_retry(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "recovered.json").executions
    planned = [decision for decision in execution.decisions if decision.tool == "route-plan"]
    assert [(d.kind, d.outcome) for d in planned] == [("tool_choice", "failed"), ("retry", "timeout"), ("retry", "ok")]
    assert execution.labels["retries"] == "2"


def test_a_decision_node_becomes_the_branch_and_its_target_knows_the_alternatives(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "recovered.json").executions
    (branch,) = [decision for decision in execution.decisions if decision.kind == "branch"]
    assert (branch.action, branch.tool) == ("branch:bike", "")
    assert branch.alternatives == ["van", "tram"]
    assert (branch.reasoning, branch.confidence) == ("the load is small", 0.8)
    assert branch.arguments == {"node": "vehicle", "context": {"load": 2}}
    (taken,) = [decision for decision in execution.decisions if decision.tool == "bike"]
    assert (taken.kind, taken.alternatives, taken.arguments) == ("tool_choice", ["van", "tram"], {"load": 2})


def test_sibling_branches_are_alternatives_of_each_other(tmp_path: Path) -> None:
    edges = [("d", "x", "branched"), ("d", "y", "branched")]
    execution = run(tmp_path, graph(node("d", "decision"), node("x", at=1), node("y", at=2), edges=edges))
    branch, first, second = execution.decisions
    assert (branch.action, branch.alternatives) == ("branch:tool-x", ["tool-y"])
    assert (first.alternatives, second.alternatives) == (["tool-y"], ["tool-x"])


def test_the_stated_choice_among_several_branches_wins(tmp_path: Path) -> None:
    edges = [("d", "x", "branched"), ("d", "y", "branched")]
    events = [_event("d", 0, "decision", choice="tool-y", alternatives=["tool-z"])]
    execution = run(
        tmp_path, graph(node("d", "decision"), node("x", at=1), node("y", at=2), edges=edges, events=events)
    )
    assert execution.decisions[0].action == "branch:tool-y"
    assert execution.decisions[0].alternatives == ["tool-z", "tool-x"]


def test_a_branch_without_a_decision_node_is_a_decision_of_the_step_it_reached(tmp_path: Path) -> None:
    nodes = (node("a"), node("c", "custom", at=1), node("e", "custom", at=2))
    edges = [("a", "c", "branched"), ("a", "e", "branched")]
    assert named(run(tmp_path, graph(*nodes, edges=edges)))[1:] == [
        ("branch", "branch:custom-c"),
        ("branch", "branch:custom-e"),
    ]
    assert named(run(tmp_path, graph(*nodes, edges=[("root", "c", "called")])))[1:] == []


def test_a_failed_leaf_that_is_no_call_is_a_failure_with_its_path(tmp_path: Path) -> None:
    execution = run(
        tmp_path,
        graph(
            node("s", "subagent", children=["w"]),
            node("w", "wait", at=1, status="timeout", parentId="s", metadata={"error": "nobody answered"}),
            node("f", "tool", at=2, status="failed", metadata={"error": {"message": "broken"}}),
            status="failed",
        ),
    )
    assert named(execution) == [
        ("delegation", "delegate:subagent-s"),
        ("failure", "failure:wait-w"),
        ("tool_choice", "tool-f"),
    ]
    failure = execution.decisions[1]
    assert failure.arguments == {"path": ["agent-x", "subagent-s", "wait-w"]}
    assert (failure.outcome, failure.error) == ("timeout", "nobody answered")
    assert execution.decisions[2].error == "broken"
    assert execution.error == "nobody answered"


def test_a_run_that_failed_before_its_first_step_is_one_failure(tmp_path: Path) -> None:
    execution = run(tmp_path, graph(status="failed"))
    assert named(execution) == [("failure", "failure:agent-x")]


def test_arguments_and_outputs_are_found_where_producers_put_them(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any], Any, str | None]] = [
        ({"args": {"n": 1}, "url": "u"}, {}, {"n": 1}, None),
        ({"arguments": '{"n": 2}'}, {"output": "done"}, {"n": 2}, "done"),
        ({"input": "plain text"}, {"rows": 3}, "plain text", '{"rows":3}'),
        ({"args": [1, 2], "result": "r"}, {}, "[1,2]", "r"),
        ({"url": "imap://x", "error": "e", "errorStack": "s"}, {"error": "e2"}, {"url": "imap://x"}, None),
        ({"args": "{broken", "output": {"k": 1}}, {}, "{broken", '{"k":1}'),
        ({}, {}, None, None),
    ]
    for metadata, state, arguments, output in cases:
        (decision,) = run(tmp_path, graph(node("a", metadata=metadata, state=state))).decisions
        assert (decision.arguments, decision.output) == (arguments, output)


def test_tokens_of_the_run_are_counted_once(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 2}
    semantic = {"semantic": {"tokenCost": 999, "modelId": "m-1"}, "usage": usage}
    summed = run(tmp_path, graph(node("a", metadata=semantic), node("b", metadata={"usage": usage})))
    assert (summed.tokens_in, summed.tokens_out, summed.model) == (20, 4, "m-1")
    assert [(d.tokens_in, d.model) for d in summed.decisions] == [(10, "m-1"), (10, None)]
    whole = graph(node("a", metadata={"usage": usage}))
    whole["nodes"]["root"]["metadata"] = {"usage": {"input_tokens": 50}}
    assert (run(tmp_path, whole).tokens_in, run(tmp_path, whole).tokens_out) == (50, None)


def test_an_event_that_names_the_next_step_explains_that_step(tmp_path: Path) -> None:
    stated = _event("", 5, "decision", choice="tool-b", alternatives=["wait"], rationale="cheap", confidence=0.4)
    for starts in ([], [_event("a", 0, "agent_start"), stated, _event("b", 10, "agent_start")]):
        first, second = run(tmp_path, graph(node("a"), node("b", at=10), events=starts or [stated])).decisions
        assert first.alternatives is None
        assert (second.alternatives, second.reasoning, second.confidence) == (["wait"], "cheap", 0.4)


def test_an_event_that_names_something_else_is_a_decision_of_its_own(tmp_path: Path) -> None:
    stated = _event("", 5, "decision", choice="stay", outcome="skipped", confidence=7)
    execution = run(tmp_path, graph(node("a"), node("b", at=10), events=[stated]))
    assert named(execution) == [("tool_choice", "tool-a"), ("branch", "branch:stay"), ("tool_choice", "tool-b")]
    own = execution.decisions[1]
    assert (own.outcome, own.confidence, own.native_id) == ("skipped", None, "event-0")


def test_the_seeds_form_of_a_stated_decision_is_read(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "trace-events.json").executions
    fetched = execution.decisions[1]
    assert (fetched.tool, fetched.reasoning, fetched.confidence) == ("fetch-data", "the cache is cold", 0.9)
    assert fetched.alternatives == ["cache-lookup", "direct-query"]
    own = execution.decisions[2]
    assert (own.kind, own.action, own.arguments) == ("branch", "branch:full audit", {"quarter": 3})


def test_stated_kinds_without_a_node_become_what_they_say(tmp_path: Path) -> None:
    kinds = ["tool_choice", "retry", "delegation", "failure", "branch", "oracle", 7]
    events = [_event("", 90 + i, "decision", choice="x", decisionType=kind) for i, kind in enumerate(kinds)]
    found = [(d.kind, d.tool, d.action) for d in run(tmp_path, graph(events=events)).decisions]
    assert found == [
        ("tool_choice", "x", ""),
        ("retry", "x", ""),
        ("delegation", "", "delegate:x"),
        ("failure", "", "failure:x"),
        ("branch", "", "branch:x"),
        ("branch", "", "branch:x"),
        ("branch", "", "branch:x"),
    ]


def test_a_second_statement_about_one_step_is_not_lost(tmp_path: Path) -> None:
    events = [_event("a", 1, "decision", choice="left"), _event("a", 2, "decision", choice="right")]
    execution = run(tmp_path, graph(node("a"), events=events))
    assert named(execution) == [("tool_choice", "tool-a"), ("branch", "branch:right")]
    assert execution.decisions[0].reasoning == "left"


def test_a_guard_counts_once_however_often_it_was_reported(fixtures: Path) -> None:
    (execution,) = reading.run(ADAPTER, fixtures / "agentflow" / "forms" / "recovered.json").executions
    guards: list[DecisionDraft] = [decision for decision in execution.decisions if decision.kind == "guard"]
    assert [(d.action, d.outcome) for d in guards] == [
        ("guard:spawn-explosion", "failed"),
        ("guard:known-bottleneck", "ok"),
    ]
    assert [decision.native_id for decision in guards] == ["guard-4", "guard-6"]
    assert guards[0].error == "max-depth reached 2, limit 1"
    assert guards[1].reasoning == "bike is often slow"
