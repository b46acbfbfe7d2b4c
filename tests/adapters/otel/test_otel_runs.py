"""What is one run: roots, orphans, delegations, judgements, and traces that know nothing of agents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel import ADAPTER
from tests.adapters.reading import run

from .building import TRACE, agent, model, only, read, request, said, span, tool

RESULT = {"gen_ai.tool.call.result": "done"}


def test_several_roots_that_did_agent_work_are_several_executions(tmp_path: Path) -> None:
    trace = request(
        agent(1, name="one"),
        tool(2, 1, attributes=RESULT),
        agent(5, name="two"),
        tool(6, 5, "fetch", attributes=RESULT),
        span(9, None, "GET /health"),
    )
    found = read(tmp_path / "t.json", trace).by_id()
    assert {key: (item.agent_id, [d.tool for d in item.decisions]) for key, item in found.items()} == {
        f"otel:{TRACE}~{1:016x}": ("one", ["search"]),
        f"otel:{TRACE}~{5:016x}": ("two", ["fetch"]),
    }
    assert all(f"otel:{TRACE}" in item.claims and key in item.claims for key, item in found.items())


def test_a_root_without_agent_work_does_not_split_the_trace(tmp_path: Path) -> None:
    trace = request(agent(1), tool(2, attributes=RESULT), span(9, None, "GET /health", kind=3))
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.execution_id, len(execution.decisions)) == (f"otel:{TRACE}", 1)


def test_orphans_belong_to_the_only_root(fixtures: Path) -> None:
    execution = only(run(ADAPTER, fixtures / "otel" / "any-agent-google.json"))
    spans = json.loads((fixtures / "otel" / "any-agent-google.json").read_text())["spans"]
    known = {span["context"]["span_id"] for span in spans}
    assert sum((span["parent"]["span_id"] or 0) not in known for span in spans) == 7, "six orphans and the root"
    assert [decision.tool for decision in execution.decisions] == ["get_current_time", "write_file", "final_output"]
    assert (execution.agent_id, execution.status) == ("any_agent", "completed")


def test_a_trace_without_a_root_is_one_execution_of_unknown_end(tmp_path: Path) -> None:
    trace = request(tool(2, 77, attributes=RESULT), tool(3, 78, attributes=RESULT))
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.status, len(execution.decisions)) == ("unknown", 2)
    assert execution.started_at is not None and execution.ended_at is not None


def test_spans_whose_parents_go_in_a_circle_are_read_once(tmp_path: Path) -> None:
    trace = request(tool(2, 3, attributes=RESULT), tool(3, 4, "fetch", attributes=RESULT), tool(4, 2, "save"))
    assert {d.tool for d in only(read(tmp_path / "t.json", trace)).decisions} == {"search", "fetch", "save"}


def test_an_agent_under_another_agent_is_a_delegation(tmp_path: Path) -> None:
    trace = request(
        agent(1, name="planner"),
        model(2, 1, attributes={"gen_ai.output.messages": said("Ask the writer.")}),
        agent(
            4,
            1,
            "writer",
            attributes={
                "gen_ai.input.messages": json.dumps([{"role": "user", "content": "write it"}]),
                "gen_ai.output.messages": said("written"),
            },
        ),
        tool(5, 4, "save", attributes=RESULT),
    )
    execution = only(read(tmp_path / "t.json", trace))
    assert execution.agent_id == "planner"
    assert [(d.kind, d.action, d.tool) for d in execution.decisions] == [
        ("delegation", "delegate:writer", "writer"),
        ("tool_choice", "", "save"),
    ]
    delegation = execution.decisions[0]
    assert (delegation.role, delegation.arguments, delegation.output) == ("delegate", "write it", "written")
    assert (delegation.outcome, delegation.reasoning) == ("ok", "Ask the writer.")


def test_a_tool_that_stands_for_an_agent_is_the_delegation(tmp_path: Path) -> None:
    trace = request(agent(1), tool(2, 1, "ask_writer", attributes=RESULT), agent(3, 2, "writer"), tool(4, 3, "save"))
    decisions = only(read(tmp_path / "t.json", trace)).decisions
    assert [(d.kind, d.tool) for d in decisions] == [("tool_choice", "ask_writer"), ("tool_choice", "save")]


def test_the_same_agent_on_two_spans_is_no_delegation(tmp_path: Path) -> None:
    trace = request(agent(1), agent(2, 1), tool(3, 2, attributes=RESULT))
    assert [d.tool for d in only(read(tmp_path / "t.json", trace)).decisions] == ["search"]


def test_one_tool_call_on_two_spans_is_one_decision(tmp_path: Path) -> None:
    trace = request(agent(1), tool(2, attributes=RESULT), tool(3, 2, attributes=RESULT), tool(4, 2, "fetch"))
    assert [d.tool for d in only(read(tmp_path / "t.json", trace)).decisions] == ["search", "fetch"]


def test_without_tool_spans_the_calls_a_model_asked_for_are_the_decisions(tmp_path: Path) -> None:
    history = [
        {"role": "user", "content": "find x"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "search", "arguments": '{"q": 1}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "hit"},
    ]
    trace = request(
        agent(1),
        model(2, attributes={"gen_ai.output.messages": said("Look.", ("c1", "search", {"q": 1}))}),
        model(
            4,
            attributes={
                "gen_ai.input.messages": json.dumps(history),
                "gen_ai.output.messages": said("Save.", ("c2", "save", {"p": 2})),
            },
        ),
        span(6, 1, "POST", kind=3),
    )
    decisions = only(read(tmp_path / "t.json", trace)).decisions
    assert [(d.tool, d.arguments, d.outcome, d.output, d.reasoning) for d in decisions] == [
        ("search", {"q": 1}, "ok", "hit", "Look."),
        ("save", {"p": 2}, "unknown", None, "Save."),
    ]


def test_calls_heard_of_only_in_the_next_input_count_once(tmp_path: Path) -> None:
    history: list[dict[str, Any]] = [{"role": "user", "content": "go"}]
    spans = [agent(1)]
    for number in range(3):
        spans.append(model(2 + number, attributes={"gen_ai.input.messages": json.dumps(history)}))
        call = {"id": f"c{number}", "function": {"name": "step", "arguments": "{}"}}
        history.append({"role": "assistant", "content": f"go {number}", "tool_calls": [call]})
        history.append({"role": "tool", "tool_call_id": f"c{number}", "content": f"r{number}"})
    decisions = only(read(tmp_path / "t.json", request(*spans))).decisions
    assert [(d.native_id, d.output, d.reasoning) for d in decisions] == [("c0", "r0", "go 0"), ("c1", "r1", "go 1")]


@pytest.mark.parametrize("kind", [3, "3", "SPAN_KIND_CLIENT", "CLIENT"])
def test_without_agents_client_spans_are_the_decisions(tmp_path: Path, kind: Any) -> None:
    trace = request(
        span(1, None, "job"),
        span(2, 1, "GET /orders", {"http.response.status_code": 200, "url.full": "https://x/orders"}, kind=kind),
        span(3, 1, "POST /refund", {"http.response.status_code": 500}, kind=kind),
        span(4, 1, "query", {}, kind=kind),
        span(5, 1, "compute"),
        span(6, 1, "save", {}, kind=kind, status={"code": 1}),
        resource={"service.name": "shop"},
    )
    execution = only(read(tmp_path / "t.json", trace))
    assert execution.agent_id == "shop"
    assert [(d.tool, d.outcome) for d in execution.decisions] == [
        ("GET /orders", "ok"),
        ("POST /refund", "failed"),
        ("query", "unknown"),
        ("save", "ok"),
    ]
    assert execution.decisions[0].arguments == {"http.response.status_code": 200, "url.full": "https://x/orders"}


def test_how_a_model_was_reached_is_no_decision(tmp_path: Path) -> None:
    trace = request(
        agent(1),
        model(2, kind=3),
        span(3, 2, "POST", {"http.response.status_code": 200}, at=2.1, lasts=0.5, kind=3),
        span(4, 1, "embeddings", {"gen_ai.operation.name": "embeddings"}, kind=3),
        span(5, 1, "GET /orders", {"http.response.status_code": 200}, kind=3),
    )
    assert [d.tool for d in only(read(tmp_path / "t.json", trace)).decisions] == ["GET /orders"]


def test_traces_without_agents_and_calls_yield_nothing(fixtures: Path, tmp_path: Path) -> None:
    assert run(ADAPTER, fixtures / "otel" / "no-agent.jsonl").executions == []
    assert read(tmp_path / "t.json", request(span(1, None, "job"), span(2, 1, "step"))).executions == []


@pytest.mark.parametrize(
    ("evaluations", "success", "score"),
    [
        ([{"gen_ai.evaluation.name": "task_success", "gen_ai.evaluation.score.label": "pass"}], True, None),
        ([{"gen_ai.evaluation.name": "task_success", "gen_ai.evaluation.score.label": "fail"}], False, None),
        ([{"gen_ai.evaluation.name": "Correctness", "gen_ai.evaluation.score.value": 1.0}], True, 1.0),
        ([{"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.7}], None, 0.7),
        (
            [
                {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.label": "fail"},
                {"gen_ai.evaluation.name": "task_completion", "gen_ai.evaluation.score.label": "pass"},
            ],
            True,
            None,
        ),
        (
            [
                {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.label": "fail"},
                {"gen_ai.evaluation.name": "facts", "gen_ai.evaluation.score.label": "pass"},
            ],
            None,
            None,
        ),
    ],
)
def test_evaluation_events_say_whether_the_task_was_achieved(
    tmp_path: Path, evaluations: list[dict[str, Any]], success: bool | None, score: float | None
) -> None:
    events = [("gen_ai.evaluation.result", fields) for fields in evaluations]
    trace = request(agent(1, events=events), tool(2, status={"code": 2}))
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.success, execution.score) == (success, score)
    assert execution.success_from == (None if success is None and score is None else "evaluation")
    assert execution.status == "completed"


def test_evaluator_spans_say_it_too(tmp_path: Path) -> None:
    judged = {"openinference.span.kind": "EVALUATOR", "output.value": '{"label": "incorrect", "score": 0}'}
    execution = only(read(tmp_path / "t.json", request(agent(1), span(2, 1, "judge", judged))))
    assert (execution.success, execution.score, execution.success_from) == (False, 0.0, "evaluation")
    assert execution.decisions == []


@pytest.mark.parametrize(
    ("root", "resource", "agent_id"),
    [
        (agent(1, name="planner", attributes={"metadata": '{"agent": "careful"}'}), {}, "careful"),
        (agent(1, name="planner"), {"service.name": "shop"}, "planner"),
        (span(1, None, "run", {"openinference.span.kind": "CHAIN", "metadata": '{"lc_agent_name": "g"}'}), {}, "g"),
        (span(1, None, "run", {"traceloop.span.kind": "workflow", "traceloop.workflow.name": "w"}), {}, "w"),
        (span(1, None, "run"), {"service.name": "shop"}, "shop"),
        (span(1, None, "run"), {"service.name": "unknown_service:python"}, ""),
        (span(1, None, "CodeAgent.run", {"openinference.span.kind": "AGENT"}), {}, "CodeAgent.run"),
    ],
)
def test_who_ran(tmp_path: Path, root: dict[str, Any], resource: dict[str, Any], agent_id: str) -> None:
    assert only(read(tmp_path / "t.json", request(root, tool(2), resource=resource))).agent_id == agent_id


@pytest.mark.parametrize(
    ("attributes", "task_id"),
    [
        ({"metadata": '{"task": "refund-small"}'}, "task:refund-small"),
        ({"traceloop.association.properties.task_id": "t-7"}, "task:t-7"),
        ({"ai.telemetry.metadata.task": 12}, "task:12"),
        ({"metadata": '{"example_id": "e1", "task": "x"}'}, "example:e1"),
        ({"metadata": '{"task": {"deep": 1}}'}, None),
        ({}, None),
    ],
)
def test_which_task(tmp_path: Path, attributes: dict[str, Any], task_id: str | None) -> None:
    assert only(read(tmp_path / "t.json", request(agent(1, attributes=attributes), tool(2)))).task_id == task_id


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('{"messages": [["user", "do it"]]}', "do it"),
        ('{"inputs": {"messages": [["user", "do it"]]}, "tags": []}', "do it"),
        ('{"messages": [{"type": "human", "data": {"content": "do it"}}]}', "do it"),
        ('{"question": "do it"}', "do it"),
        ("do it", "do it"),
        ('{"number": 3}', None),
    ],
)
def test_what_was_asked(tmp_path: Path, written: str, text: str | None) -> None:
    trace = request(agent(1, attributes={"input.value": written}), tool(2))
    assert only(read(tmp_path / "t.json", trace)).task_text == text


def test_model_calls_without_tools_are_kept(fixtures: Path) -> None:
    out = run(ADAPTER, fixtures / "otel" / "vercel-ai.json")
    assert len(out.executions) == 8
    models = [execution for execution in out.executions if execution.tokens_out is not None]
    assert sorted(execution.tokens_out or 0 for execution in models) == [9, 20, 112, 156]
