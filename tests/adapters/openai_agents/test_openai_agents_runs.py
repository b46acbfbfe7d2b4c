"""Traces in pieces, agents inside tools, errors that end nothing, and spans as other versions write them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from soma.adapters.openai_agents import ADAPTER
from tests.adapters.reading import sniff

from .building import TRACE, read, span, write

AGENT = span("a", None, "agent", 0, 20, name="triage", handoffs=["billing"], tools=["lookup"])
CALL = span("f", "a", "function", 3, name="lookup", input='{"id": 7}', output="found")


def test_a_trace_over_several_files_is_one_execution_in_any_order(tmp_path: Path, fixtures: Path) -> None:
    lines = (fixtures / "openai-agents" / "agents_sdk_export.jsonl").read_text().splitlines()
    whole = read(fixtures / "openai-agents" / "agents_sdk_export.jsonl").by_id()
    items = [item for line in lines for item in json.loads(line)["data"]]
    files = [write(tmp_path / f"{n}.jsonl", items[n::3], items[n::6]) for n in range(3)]
    readings = [read(*order).executions for order in itertools.permutations(files)]
    assert all(reading == readings[0] for reading in readings)
    for execution in readings[0]:
        same = whole[execution.execution_id]
        assert (execution.status, execution.tokens_in) == (same.status, same.tokens_in)
        assert [d.native_id for d in execution.decisions] == [d.native_id for d in same.decisions]
        assert execution.claims == [execution.execution_id]


def test_spans_and_traces_may_come_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in (CALL, AGENT, TRACE)))
    match = sniff(ADAPTER, path)
    assert match is not None
    assert match.variant == "items"
    (run,) = read(path).executions
    assert (run.status, run.agent_id, run.labels) == ("completed", "triage", {"workflow": "triage"})
    document = tmp_path / "document.json"
    document.write_text(json.dumps([TRACE, AGENT, CALL], indent=1))
    assert sniff(ADAPTER, document) is not None
    assert [d.native_id for d in read(document).executions[0].decisions] == ["f"]


def test_a_run_whose_agent_has_not_ended_is_unknown(tmp_path: Path) -> None:
    (run,) = read(write(tmp_path / "running.jsonl", [TRACE, CALL])).executions
    assert (run.status, run.agent_id, run.task_id) == ("unknown", "", "task:t1")
    (only,) = read(write(tmp_path / "begun.jsonl", [TRACE])).executions
    assert (only.status, only.decisions, only.started_at) == ("unknown", [], None)


def test_an_agent_that_is_a_tool_has_an_execution_of_its_own(tmp_path: Path) -> None:
    inner = [
        span(
            "a2", "f", "agent", 4, 2, name="search", error={"message": "Max turns exceeded", "data": {"max_turns": 1}}
        ),
        span("g2", "a2", "generation", 4.1, 0.2, model="m", usage={"input_tokens": 5, "output_tokens": 2}),
        span("f2", "a2", "function", 4.5, 0.1, name="grep", input="{}", output="x"),
    ]
    outer = span("g", "a", "generation", 1, model="m", usage={"input_tokens": 10, "output_tokens": 1})
    child, parent = sorted(
        read(write(tmp_path / "t.jsonl", [TRACE, *inner, outer, CALL, AGENT])).executions,
        key=lambda run: run.parent_execution_id is None,
    )
    assert (parent.execution_id, parent.status, parent.tokens_in) == ("oa:trace_1", "completed", 10)
    assert (child.execution_id, child.status, child.tokens_in) == ("oa:trace_1~f", "failed", 5)
    assert (child.agent_id, child.parent_decision_id, child.task_id) == ("search", "oa:trace_1#f", None)
    assert "oa:trace_1" in child.claims
    assert [(d.kind, d.action, d.tool) for d in parent.decisions] == [("delegation", "delegate:search", "lookup")]
    assert [(d.tool, d.parent_decision_id) for d in child.decisions] == [("grep", "oa:trace_1#f")]


def test_a_tool_that_runs_other_spans_but_no_agent_stays_where_it_is(tmp_path: Path) -> None:
    nested = span("f2", "f", "function", 3.2, 0.1, name="parse", input="{}", output="x")
    (run,) = read(write(tmp_path / "t.jsonl", [TRACE, AGENT, CALL, nested])).executions
    assert [d.tool for d in run.decisions] == ["lookup", "parse"]


def test_an_error_after_which_an_agent_began_anew_did_not_end_the_run(tmp_path: Path) -> None:
    first = span("a1", None, "agent", 0, 2, name="triage", error={"message": "Error in agent run", "data": None})
    again = span("a2", None, "agent", 3, 2, name="triage")
    beside = span("a2", None, "agent", 1, 4, name="triage")
    assert read(write(tmp_path / "a.jsonl", [TRACE, first, again])).executions[0].status == "completed"
    assert read(write(tmp_path / "b.jsonl", [TRACE, first, beside])).executions[0].status == "failed"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ({"message": "Error running tool", "data": {"error": "Timed out after 30 s"}}, "timeout"),
        ({"message": "Error running tool", "data": {"error": "disk full"}}, "failed"),
        ("boom", "failed"),
        ({}, "failed"),
        (None, "ok"),
    ],
)
def test_outcomes_of_function_spans(tmp_path: Path, error: object, outcome: str) -> None:
    call = span("f", "a", "function", name="lookup", input="{}", output=None, error=error)
    ((decision,),) = (run.decisions for run in read(write(tmp_path / "t.jsonl", [call])).executions)
    assert decision.outcome == outcome
    assert (decision.error is None) == (outcome == "ok")


def test_a_call_that_has_not_ended_is_unknown(tmp_path: Path) -> None:
    ((decision,),) = (
        run.decisions for run in read(write(tmp_path / "t.jsonl", [{**CALL, "ended_at": None}])).executions
    )
    assert (decision.outcome, decision.duration_ms) == ("unknown", None)


def test_several_handoffs_at_once_make_the_first_and_a_failed_one_fails(tmp_path: Path) -> None:
    made = span(
        "h1", "a", "handoff", 1, to_agent="billing", error={"message": "Multiple handoffs requested", "data": {}}
    )
    lost = span("h2", "a", "handoff", 2, to_agent=None, error={"message": "Invalid handoff", "data": None})
    (run,) = read(write(tmp_path / "t.jsonl", [TRACE, AGENT, made, lost])).executions
    assert [(d.action, d.outcome) for d in run.decisions] == [("delegate:billing", "ok"), ("delegate:", "failed")]


def test_reasoning_and_usage_in_both_dialects(tmp_path: Path) -> None:
    chat = span(
        "g1", "a", "generation", 1, model="m",
        input=[{"role": "system", "content": "s"}, {"role": "user", "content": "please"}],
        output=[{"role": "assistant", "content": "I look it up", "tool_calls": [{"function": {"name": "lookup"}}]}],
        usage={"prompt_tokens": 100, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 60}},
    )  # fmt: skip
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "think"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "say"}]},
        {"type": "function_call", "name": "lookup", "arguments": "{}", "call_id": "c"},
    ]
    other = span("g2", "a", "generation", 4, model="m", output=items, usage={"input_tokens": 7, "output_tokens": 1})
    response = span("r", "a", "response", 7, response_id="resp_1", usage={"input_tokens": 9, "output_tokens": 2})
    calls = [
        span(f"f{n}", "a", "function", n, 0.1, name="lookup", input="not json", output="x") for n in (2.5, 5.5, 8.5)
    ]
    (run,) = read(write(tmp_path / "t.jsonl", [TRACE, AGENT, chat, other, response, *calls])).executions
    assert [d.reasoning for d in run.decisions] == ["I look it up", "think\nsay", None]
    assert [(d.tokens_in, d.tokens_out) for d in run.decisions] == [(40, 3), (7, 1), (9, 2)]
    assert [d.arguments for d in run.decisions] == ["not json"] * 3
    assert (run.tokens_in, run.tokens_out, run.tokens_cache_read, run.task_text) == (56, 6, 60, "please")
