"""When a step of an agent is a decision, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.trail import ADAPTER
from soma.adapters.trail.nested import microseconds
from tests.adapters.atif.hostile import VALUES, check, replaced, slots
from tests.adapters.reading import run, sniff

from .spans import RATE_LIMIT, agent, code, model, one, read, span, step, trace

SECOND = 1_000_000
TEN = 1_777_975_200 * SECOND


def test_a_step_without_a_tool_span_is_the_code_it_ran(tmp_path: Path) -> None:
    wrote = model(3, code("I look.", "print(1)"), at=1)
    draft = one(tmp_path, trace(agent(1, step(2, wrote, at=1, output__value="1"))))
    (decision,) = draft.decisions
    assert (decision.tool, decision.arguments) == ("python_interpreter", {"code": "print(1)\n"})
    assert (decision.outcome, decision.output, decision.reasoning) == ("ok", "1", "I look.")
    assert (decision.tokens_in, decision.tokens_out, decision.model) == (10, 2, "m")
    # It began when the model had answered (after two seconds) and ended with the step (after five).
    assert (decision.started_at, decision.duration_ms) == (TEN + 3 * SECOND, 3000.0)
    assert decision.native_id == f"{2:016x}"
    assert (draft.agent_id, draft.task_text, draft.status) == ("bench", "fix it", "completed")
    assert (draft.tokens_in, draft.tokens_out) == (10, 2)


def test_a_tool_span_stands_for_its_step(tmp_path: Path) -> None:
    answers = span(4, "FinalAnswerTool", "TOOL", at=4, tool__name="final_answer", input__value='{"answer": 1}')
    wrote = model(3, code("Done.", "final_answer(1)"), at=1)
    (decision,) = one(tmp_path, trace(agent(1, step(2, wrote, answers, at=1)))).decisions
    assert (decision.tool, decision.arguments, decision.tokens_in) == ("final_answer", {"answer": 1}, 10)


def test_a_step_that_failed_although_its_tool_did_not_is_a_decision_too(tmp_path: Path) -> None:
    tool = span(4, "search", "TOOL", at=3, tool__name="search", output__value="found")
    wrote = model(3, code("Go.", "search(); 1/0"), at=1)
    error = {"Name": "exception", "Attributes": {"exception.type": "ZeroDivisionError", "exception.message": "no"}}
    draft = one(tmp_path, trace(agent(1, step(2, wrote, tool, at=1, status="Error", events=[error]))))
    assert sorted((d.tool, d.outcome, d.error) for d in draft.decisions) == [
        ("python_interpreter", "failed", "ZeroDivisionError: no"), ("search", "ok", None),
    ]  # fmt: skip
    assert sum(decision.tokens_in or 0 for decision in draft.decisions) == draft.tokens_in == 10


def test_a_broken_model_call_decides_nothing_but_ends_the_run(tmp_path: Path) -> None:
    breaks = model(3, at=1, status="Error", events=[RATE_LIMIT])
    fails = step(2, breaks, at=1, status="Error", events=[RATE_LIMIT])
    draft = one(tmp_path, trace(agent(1, fails, status="Error", events=[RATE_LIMIT])))
    assert draft.decisions == []
    assert (draft.status, draft.error) == ("failed", "RateLimitError: too many requests")


def asked(*names: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for number, name in enumerate(names):
        call = f"llm__output_messages__0__message__tool_calls__{number}__tool_call__"
        facts |= {
            f"{call}id": f"call_{number}",
            f"{call}function__name": name,
            f"{call}function__arguments": '{"q": 1}',
        }
    return facts


def test_calls_the_model_asked_for_stand_in_for_missing_tool_spans(tmp_path: Path) -> None:
    one_call = step(2, model(3, "Look.", at=1, **asked("search")), at=1, output__value="found")
    (decision,) = one(tmp_path, trace(agent(1, one_call))).decisions
    assert (decision.tool, decision.arguments, decision.outcome, decision.output) == ("search", {"q": 1}, "ok", "found")
    assert decision.reasoning == "Look."
    two_calls = step(2, model(3, "Look.", at=1, **asked("search", "open")), at=1, output__value="found")
    decisions = one(tmp_path, trace(agent(1, two_calls))).decisions
    assert [(d.tool, d.outcome, d.output, d.duration_ms) for d in decisions] == [
        ("search", "unknown", None, None), ("open", "unknown", None, None),
    ]  # fmt: skip
    assert [decision.tokens_in for decision in decisions] == [10, None]


def test_a_step_whose_model_call_was_lost_is_known_by_its_name(tmp_path: Path) -> None:
    (decision,) = one(tmp_path, trace(agent(1, step(2, at=1, n=4, output__value="did it")))).decisions
    assert (decision.tool, decision.arguments, decision.output) == ("Step 4", None, "did it")


def test_a_sub_agent_stands_for_the_step_that_called_it(tmp_path: Path) -> None:
    inner = agent(5, step(6, model(7, code("x", "y()"), at=5), at=5), name="SearchAgent.run", at=4, lasts="PT3S")
    draft = one(tmp_path, trace(agent(1, step(2, model(3, code("a", "b()"), at=1), inner, at=1, lasts="PT9S"))))
    assert sorted((d.kind, d.action or d.tool) for d in draft.decisions) == [
        ("delegation", "delegate:SearchAgent"), ("tool_choice", "python_interpreter"),
    ]  # fmt: skip
    assert draft.agent_id == "bench"


def test_a_trace_without_its_root_and_a_span_written_twice(tmp_path: Path) -> None:
    wrote = model(3, code("I look.", "print(1)"), at=1, parent=2)
    draft = one(tmp_path, trace(step(2, wrote, wrote, at=1, parent=99), step(4, at=9, n=2, parent=99)))
    assert [decision.tool for decision in draft.decisions] == ["python_interpreter", "Step 2"]
    assert (draft.status, draft.tokens_in) == ("unknown", 10)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("PT1M48.75533S", 108_755_330), ("PT0.000129S", 129), ("PT2H", 7_200 * SECOND), ("P1DT1S", 86_401 * SECOND),
        ("PT", None), ("P", None), ("1.5", None), (1.5, None), (None, None), ("PT-1S", None), ("PT٣S", 3 * SECOND),
    ],
)  # fmt: skip
def test_durations(written: Any, expected: int | None) -> None:
    assert microseconds(written) == expected


def test_lines_of_traces_and_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    first, second = trace(agent(1, step(2, at=1))), {**trace(agent(1, step(2, at=1))), "trace_id": "b" * 32}
    for item in second["spans"], second["spans"][0]["child_spans"]:
        item[0]["trace_id"] = None
    path.write_text(json.dumps(first) + "\n" + json.dumps(second) + '\n{"trace_id": "torn')
    assert sniff(ADAPTER, path) is not None
    out = run(ADAPTER, path)
    assert len(out.by_id()) == 2 and out.sources[0].bytes_read < path.stat().st_size
    out = read(
        tmp_path, {"trace_id": "x", "spans": []}, {"trace_id": "x", "spans": [{"span_id": None, "child_spans": 2}]}
    )
    assert out.executions == []
    assert [damage.reason for damage in out.damage] == [
        "no nested spans where a trace was expected", "1 spans without a trace id or span id",
    ]  # fmt: skip


def test_spans_nested_a_hundred_deep(tmp_path: Path) -> None:
    deep = step(200, model(201, code("x", "y"), at=1), at=1)
    for number in range(100):
        deep = span(number + 1, "wrapper", "CHAIN", deep)
    assert [decision.tool for decision in one(tmp_path, trace(deep)).decisions] == ["python_interpreter"]


def whole() -> dict[str, Any]:
    tool = span(4, "FinalAnswerTool", "TOOL", at=4, tool__name="final_answer", input__value='{"answer": 1}')
    steps = [
        step(2, model(3, code("I look.", "print(1)"), at=1), at=1, output__value="1"),
        step(5, model(6, "Look.", at=7, **asked("search", "open")), at=7, n=2),
        step(7, model(8, code("Done.", "x"), at=9), tool, at=9, n=3, status="Error", events=[RATE_LIMIT]),
    ]
    return trace(agent(1, *steps))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values_of_any_type_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    value: Any = whole()
    for _ in range(data.draw(st.integers(1, 4))):
        value = replaced(value, data.draw(st.sampled_from(slots(value))), data.draw(VALUES))
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(value))
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "otel:")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 4000), flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6))
def test_bytes_of_any_kind_anywhere(tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    original = json.dumps(whole()).encode()
    mutated = bytearray(original[: len(original) - cut])
    for position, byte in flips:
        if position < len(mutated):
            mutated[position] = byte
    path = tmp_path / "mutated.json"
    path.write_bytes(bytes(mutated))
    sniff(ADAPTER, path)
    check(run(ADAPTER, path), "otel:")
