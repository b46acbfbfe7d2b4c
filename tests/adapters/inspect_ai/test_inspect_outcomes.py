"""How calls go, how samples end, and what scores mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .logs import answer, called, only


@pytest.mark.parametrize(
    ("event", "outcome", "error"),
    [
        ({}, "ok", None),
        ({"result": ""}, "ok", None),
        ({"result": 0}, "ok", None),
        ({"error": {"type": "timeout", "message": "30 s"}}, "timeout", "timeout: 30 s"),
        ({"error": {"type": "approval", "message": "no"}}, "skipped", "approval: no"),
        ({"error": {"type": "cancelled", "message": ""}, "failed": True}, "skipped", "cancelled"),
        ({"error": {"type": "file_not_found", "message": "x"}}, "failed", "file_not_found: x"),
        ({"error": {"type": 5}}, "failed", "unknown"),
        ({"error": "broken"}, "failed", "unknown: broken"),
        ({"failed": True}, "failed", "done"),
        ({"pending": True}, "unknown", None),
    ],
)
def test_a_tool_event_tells_how_the_call_went(tmp_path: Path, event: dict[str, Any], outcome: str, error: str) -> None:
    execution = only(tmp_path, answer(("a", "bash")), called("a", "bash", **event))
    assert [(d.outcome, d.error) for d in execution.decisions] == [(outcome, error)]


def test_a_tool_event_without_a_result_or_an_end_is_unknown(tmp_path: Path) -> None:
    event = called("a", "bash")
    del event["result"]
    assert [d.outcome for d in only(tmp_path, event).decisions] == ["unknown"]
    assert [d.outcome for d in only(tmp_path, event | {"completed": "2026-01-01T00:00:00"}).decisions] == ["ok"]


def test_a_call_that_was_never_run_is_unknown(tmp_path: Path) -> None:
    execution = only(tmp_path, answer(("a", "bash"), ("b", "submit")), called("a", "bash"))
    assert [(d.tool, d.outcome) for d in execution.decisions] == [("bash", "ok"), ("submit", "unknown")]


def test_a_call_without_an_event_is_answered_by_its_message(tmp_path: Path) -> None:
    result = {"role": "tool", "tool_call_id": "a", "function": "bash", "content": [{"type": "text", "text": "hi"}]}
    for events in ([answer(("a", "bash"))], []):
        asked = answer(("a", "bash"))["output"]["choices"][0]["message"]
        execution = only(tmp_path, *events, messages=[{"role": "user", "content": "add"}, asked, result])
        assert [(d.tool, d.outcome, d.output, d.reasoning) for d in execution.decisions] == [
            ("bash", "ok", "hi", "because")
        ]


def test_calls_in_the_input_are_examples_not_choices(tmp_path: Path) -> None:
    example = answer(("a", "bash"))["output"]["choices"][0]["message"] | {"source": "input"}
    shown = {"role": "tool", "tool_call_id": "a", "function": "bash", "content": "x", "source": "input"}
    assert only(tmp_path, messages=[example, shown]).decisions == []


def test_calls_of_scorers_are_not_the_agents(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}
    spans = [
        {"event": "span_begin", "id": "s", "span_id": "s", "type": "scorers", "name": "scorers"},
        {"event": "span_begin", "id": "t", "span_id": "t", "parent_id": "s", "type": "scorer", "name": "judge"},
    ]
    new = only(tmp_path, answer(usage=usage), *spans, answer(("a", "bash"), usage=usage, span_id="t"))
    steps = [{"event": "step", "action": action, "type": "scorer", "name": "judge"} for action in ("begin", "end")]
    old = only(tmp_path, answer(usage=usage), steps[0], answer(("a", "bash"), usage=usage), steps[1])
    for execution in (new, old):
        assert execution.decisions == []
        assert (execution.tokens_in, execution.tokens_out) == (5, 1)


def test_call_ids_that_repeat_are_told_apart_by_order(tmp_path: Path) -> None:
    execution = only(
        tmp_path,
        answer(("0", "ls")),
        called("0", "ls", result="one"),
        answer(("0", "ls")),
        called("0", "ls", result="two"),
    )
    assert [d.output for d in execution.decisions] == ["one", "two"]


@pytest.mark.parametrize(
    ("usage", "fresh"),
    [
        ({"input_tokens": 100, "output_tokens": 7, "total_tokens": 107, "input_tokens_cache_read": 60}, 40),
        ({"input_tokens": 40, "output_tokens": 7, "total_tokens": 107, "input_tokens_cache_read": 60}, 40),
        ({"input_tokens": 40, "output_tokens": 7, "input_tokens_cache_read": 60}, 40),
    ],
)
def test_input_counts_what_was_not_cached(tmp_path: Path, usage: dict[str, int], fresh: int) -> None:
    execution = only(tmp_path, answer(("a", "x"), ("b", "x"), usage=usage | {"total_cost": 0.5}))
    assert (execution.tokens_in, execution.tokens_out, execution.tokens_cache_read) == (fresh, 7, 60)
    assert execution.cost_usd == 0.5
    assert [(d.tokens_in, d.tokens_out, d.cost_usd) for d in execution.decisions] == [(fresh, 7, 0.5), (None,) * 3]


def test_answers_from_inspects_own_cache_cost_nothing(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}
    execution = only(tmp_path, answer(("a", "x"), usage=usage, cache="read"), answer(("b", "x"), usage=usage))
    assert (execution.tokens_in, [d.tokens_in for d in execution.decisions]) == (5, [None, 5])


def test_usage_of_the_sample_counts_where_no_call_is_logged(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}
    execution = only(tmp_path, model_usage={"a": usage, "b": usage, "c": "x"})
    assert (execution.tokens_in, execution.tokens_out, execution.tokens_cache_read) == (10, 2, None)


@pytest.mark.parametrize(
    ("value", "success", "score"),
    [
        ("C", True, 1.0),
        ("I", False, 0.0),
        ("P", None, 0.5),
        ("N", False, 0.0),
        (1, True, 1.0),
        (0, False, 0.0),
        (True, True, 1.0),
        (False, False, 0.0),
        ("yes", True, 1.0),
        ("1.0", True, 1.0),
        (0.75, None, 0.75),
        (7, None, 7.0),
        ("great", None, None),
        ({"a": 1, "b": 0}, None, None),
        ([1, 0], None, None),
        (None, None, None),
    ],
)
def test_success_is_what_the_score_says(tmp_path: Path, value: Any, success: bool | None, score: float | None) -> None:
    for fields in ({"scores": {"match": {"value": value}}}, {"score": {"value": value}}):
        execution = only(tmp_path, **fields)
        assert (execution.success, execution.score) == (success, score)
        assert execution.success_from == (None if success is None else "evaluation")


@pytest.mark.parametrize(("values", "success"), [("CC", True), ("II", False), ("CI", None), ("CP", None)])
def test_scorers_that_disagree_leave_success_open(tmp_path: Path, values: str, success: bool | None) -> None:
    execution = only(tmp_path, scores={f"s{n}": {"value": value} for n, value in enumerate(values)})
    assert execution.success is success
    assert execution.labels["score.s1"] == values[1]


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"scores": {"m": {"value": "I"}}}, "completed", None),
        ({"output": {"choices": [{}]}}, "completed", None),
        ({}, "unknown", None),
        ({"error": {"message": "sandbox died", "traceback": "..."}}, "failed", "sandbox died"),
        ({"error": {}}, "failed", "error"),
        (
            {"limit": {"type": "message", "limit": 30.0}, "scores": {"m": {"value": "C"}}},
            "failed",
            "message limit of 30",
        ),
        ({"limit": {"type": "operator", "limit": 1}}, "unknown", "operator limit of 1"),
    ],
)
def test_how_a_sample_ended(tmp_path: Path, fields: dict[str, Any], status: str, error: str | None) -> None:
    execution = only(tmp_path, **fields)
    assert (execution.status, execution.error) == (status, error)


def test_an_answer_in_a_cancelled_evaluation_may_not_be_the_last(tmp_path: Path) -> None:
    execution = only(tmp_path, about={"status": "cancelled"}, output={"choices": [{}]})
    assert (execution.status, execution.labels["evaluation"]) == ("unknown", "cancelled")
