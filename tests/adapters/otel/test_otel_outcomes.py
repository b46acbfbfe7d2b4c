"""How a tool span ended: status, error attributes, exceptions, handled errors, and what unset means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel import ADAPTER
from tests.adapters.reading import run

from .building import agent, model, only, read, request, said, span, tool

RESULT = "gen_ai.tool.call.result"
HANDLED = json.dumps({"type": "tool", "data": {"content": "no such order", "tool_call_id": "c1", "status": "error"}})
EXCEPTION = (
    "exception",
    {"exception.type": "ValueError", "exception.message": "negative", "exception.stacktrace": "..."},
)


@pytest.mark.parametrize(
    ("more", "outcome", "error"),
    [
        ({"status": {"code": 2, "message": "boom"}}, "failed", "boom"),
        ({"status": {"code": "STATUS_CODE_ERROR", "message": "boom"}}, "failed", "boom"),
        ({"status": {"code": "ERROR"}}, "failed", "error"),
        ({"status": {"code": 2}, "events": [EXCEPTION]}, "failed", "ValueError: negative"),
        ({"status": {"code": 2}, "attributes": {"error.type": "ReadTimeout"}}, "timeout", "ReadTimeout"),
        ({"status": {"code": 2, "message": "the request timed out"}}, "timeout", "the request timed out"),
        ({"status": {"code": 2, "message": "Deadline exceeded"}}, "timeout", "Deadline exceeded"),
        ({"attributes": {"error.type": "KeyError"}}, "failed", "KeyError"),
        ({"events": [EXCEPTION]}, "failed", "ValueError: negative"),
        ({"attributes": {RESULT: HANDLED}}, "failed", "no such order"),
        ({"attributes": {RESULT: HANDLED}, "status": {"code": 1}}, "failed", "no such order"),
        ({"attributes": {RESULT: '{"status": "error", "why": "x"}'}}, "failed", '{"status": "error", "why": "x"}'),
        ({"attributes": {RESULT: '{"content": [{"type": "text", "text": "no"}], "isError": true}'}}, "failed", "no"),
        ({"status": {"code": 1}}, "ok", None),
        ({"status": "STATUS_CODE_OK"}, "ok", None),
        ({"attributes": {RESULT: "found"}}, "ok", None),
        ({"attributes": {RESULT: ""}}, "ok", None),
        ({"attributes": {RESULT: '{"error": null}'}}, "ok", None),
        ({"attributes": {RESULT: "Error rates are falling"}}, "ok", None),
        ({}, "unknown", None),
        ({"lasts": None}, "unknown", None),
        ({"lasts": None, "attributes": {RESULT: "half"}}, "unknown", None),
    ],
)
def test_outcome_of_a_tool_span(tmp_path: Path, more: dict[str, Any], outcome: str, error: str | None) -> None:
    (decision,) = only(read(tmp_path / "t.json", request(agent(1), tool(2, **more)))).decisions
    assert (decision.outcome, decision.error) == (outcome, error)


def test_a_result_only_the_next_model_call_was_given_is_the_output(tmp_path: Path) -> None:
    history = [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "search", "arguments": {"q": "x"}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "three hits"}]},
    ]
    trace = request(
        agent(1),
        tool(3, attributes={"gen_ai.tool.call.id": "c1"}),
        model(5, attributes={"gen_ai.input.messages": json.dumps(history)}),
    )
    (decision,) = only(read(tmp_path / "t.json", trace)).decisions
    assert (decision.outcome, decision.output, decision.arguments) == ("ok", "three hits", {"q": "x"})


def test_an_exception_repeated_by_every_ancestor_counts_once(tmp_path: Path) -> None:
    failed: dict[str, Any] = {"status": {"code": 2, "message": "outer"}, "events": [EXCEPTION]}
    trace = request(
        agent(1, **failed),
        span(2, 1, "tools", {"openinference.span.kind": "CHAIN"}, **failed),
        tool(3, 2, **failed),
    )
    execution = only(read(tmp_path / "t.json", trace))
    assert [decision.outcome for decision in execution.decisions] == ["failed"]
    assert (execution.status, execution.error) == ("failed", "ValueError: negative")


@pytest.mark.parametrize(
    ("root", "status"),
    [
        (agent(1), "completed"),
        (agent(1, status={"code": 1}), "completed"),
        (agent(1, status={"code": 2}), "failed"),
        (agent(1, events=[EXCEPTION]), "completed"),
        (agent(1, lasts=None), "unknown"),
        (agent(1, parent=99), "unknown"),
    ],
)
def test_the_root_tells_how_the_run_ended(tmp_path: Path, root: dict[str, Any], status: str) -> None:
    trace = request(root, tool(2, status={"code": 2, "message": "boom"}))
    assert only(read(tmp_path / "t.json", trace)).status == status


def test_durations_are_those_of_the_spans_and_unknown_without_an_end(tmp_path: Path) -> None:
    trace = request(agent(1), tool(2, lasts=0.25), tool(3, lasts=None), tool(4, lasts=-1))
    decisions = only(read(tmp_path / "t.json", trace)).decisions
    assert [decision.duration_ms for decision in decisions] == [250.0, None, None]
    assert all(decision.started_at is not None for decision in decisions)


def test_tool_errors_in_the_shipped_traces(fixtures: Path) -> None:
    for name in ("openinference-langchain.jsonl", "openllmetry-langchain.jsonl"):
        out = run(ADAPTER, fixtures / "otel" / name)
        found = {execution.task_id: execution for execution in out.executions}
        crash = found["task:tool-crash"]
        assert [(d.tool, d.outcome, d.error) for d in crash.decisions] == [
            ("refund", "failed", "ValueError: negative amount")
        ]
        assert crash.status == "failed"
        assert found["task:model-down"].error == "RuntimeError: 429 rate limit"
        assert found["task:model-down"].decisions == []
        assert [decision.outcome for decision in found["task:refund-small"].decisions] == ["ok"]


def test_a_model_call_is_no_decision_and_its_failure_is_the_runs_error(tmp_path: Path) -> None:
    trace = request(
        agent(1, status={"code": 2, "message": "overloaded"}),
        model(2, status={"code": 2, "message": "503 overloaded"}, attributes={"gen_ai.output.messages": said("hm")}),
    )
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.decisions, execution.status, execution.error) == ([], "failed", "503 overloaded")
