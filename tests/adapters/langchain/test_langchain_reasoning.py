"""Which model message asked for a decision, and what that message cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .rows import answer, only, root, row

USAGE = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}


def called(name: str, call_id: str | None = None, second: int = 2, **fields: Any) -> dict[str, Any]:
    extra = {"tool_call_id": call_id} if call_id else {}
    return row(fields.pop("id", name), name=name, second=second, extra=extra, **fields)


def model(run_id: str, outputs: Any, second: int = 1, **fields: Any) -> dict[str, Any]:
    return row(run_id, "llm", second=second, outputs=outputs, **fields)


def test_parallel_calls_share_the_words_and_the_first_has_the_tokens(tmp_path: Path) -> None:
    outputs = answer("Both at once.", ("1", "a"), ("2", "b"), usage_metadata=USAGE)
    execution = only(
        tmp_path,
        root(total_tokens=999, prompt_tokens=900, completion_tokens=99),
        model("m", outputs),
        called("a", "1"),
        called("b", "2", 3),
    )
    assert [d.reasoning for d in execution.decisions] == ["Both at once."] * 2
    assert [(d.tokens_in, d.tokens_out) for d in execution.decisions] == [(100, 7), (None, None)]
    assert (execution.tokens_in, execution.tokens_out) == (100, 7)


def test_ids_that_repeat_mean_the_latest_message(tmp_path: Path) -> None:
    execution = only(
        tmp_path,
        root(),
        model("m1", answer("first", ("1", "a"))),
        called("a", "1", 2, id="x"),
        model("m2", answer("second", ("1", "a")), 3),
        called("a", "1", 4, id="y"),
    )
    assert [decision.reasoning for decision in execution.decisions] == ["first", "second"]


def test_without_ids_name_and_order_decide(tmp_path: Path) -> None:
    execution = only(
        tmp_path,
        root(),
        model("m1", answer("look", ("", "a"), ("", "a")), 1),
        called("a", None, 2, id="x"),
        called("a", None, 3, id="y"),
        model("m2", answer("again", ("", "a")), 4),
        called("a", None, 5, id="z"),
        called("a", None, 6, id="more"),
    )
    assert [decision.reasoning for decision in execution.decisions] == ["look", "look", "again", "chain: root"]


def test_an_agent_of_the_text_kind_asks_in_words(tmp_path: Path) -> None:
    thought = "Thought: I need the orders.\nAction: search_orders\nAction Input: acme"
    execution = only(
        tmp_path,
        root(),
        model("m", {"generations": [[{"text": thought}]]}),
        called("search_orders"),
        called("unnamed", second=3),
    )
    assert [decision.reasoning for decision in execution.decisions] == [thought, "chain: root"]


@pytest.mark.parametrize(
    "outputs",
    [
        answer(
            "",
            additional_kwargs={
                "tool_calls": [{"id": "1", "function": {"name": "a", "arguments": "{}"}}],
                "reasoning_content": "because",
            },
        ),
        answer([{"type": "text", "text": "because"}, {"type": "tool_use", "id": "1", "name": "a", "input": {}}]),
        answer([{"type": "thinking", "thinking": "because"}], ("1", "a")),
        {
            "generations": [
                [{"message": {"type": "ai", "data": {"content": "because", "tool_calls": [{"id": "1", "name": "a"}]}}}]
            ]
        },
        {
            "choices": [
                {
                    "message": {
                        "role": "assistant",
                        "content": "because",
                        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "a"}}],
                    }
                }
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": "because", "tool_calls": [{"id": "1", "name": "a"}]},
            ]
        },
        {"output": {"role": "assistant", "content": "because", "tool_calls": [{"id": "1", "name": "a"}]}},
    ],
)
def test_every_form_of_message_tells_why(tmp_path: Path, outputs: Any) -> None:
    other = model("later", answer("other", ("2", "b")), 2)
    (decision,) = only(tmp_path, root(), model("m", outputs), other, called("a", "1", 3)).decisions
    assert decision.reasoning == "because"


@pytest.mark.parametrize(
    ("outputs", "fields", "tokens"),
    [
        (
            answer("x", usage_metadata={**USAGE, "input_token_details": {"cache_read": 60, "cache_creation": 10}}),
            {},
            (30, 7, 60, 10),
        ),
        (
            answer("x") | {"llm_output": {"token_usage": {"prompt_tokens": 5, "completion_tokens": 3}}},
            {},
            (5, 3, None, None),
        ),
        (
            answer(
                "x",
                response_metadata={
                    "token_usage": {
                        "prompt_tokens": 5,
                        "completion_tokens": 3,
                        "prompt_tokens_details": {"cached_tokens": 4},
                    }
                },
            ),
            {},
            (1, 3, 4, None),
        ),
        (
            answer(
                "x", response_metadata={"usage": {"input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": 90}}
            ),
            {},
            (5, 3, 90, None),
        ),
        (answer("x"), {"prompt_tokens": 5, "completion_tokens": 3}, (5, 3, None, None)),
        (answer("x", usage_metadata=USAGE), {"prompt_tokens": 5, "completion_tokens": 3}, (100, 7, None, None)),
        (answer("x"), {}, (None, None, None, None)),
        (answer("x", usage_metadata={"input_tokens": "many", "output_tokens": -1}), {}, (None, None, None, None)),
    ],
)
def test_tokens_are_read_from_the_best_place_once(
    tmp_path: Path, outputs: Any, fields: dict[str, Any], tokens: tuple[int | None, ...]
) -> None:
    execution = only(tmp_path, root(), model("m", outputs, **fields))
    found = (execution.tokens_in, execution.tokens_out, execution.tokens_cache_read, execution.tokens_cache_write)
    assert found == tokens


def test_a_model_run_inside_a_model_run_is_the_same_answer(tmp_path: Path) -> None:
    outputs = answer("x", ("1", "a"), usage_metadata=USAGE)
    execution = only(
        tmp_path, root(), model("outer", outputs), model("inner", outputs, parent="outer"), called("a", "1")
    )
    assert execution.tokens_in == 100
    assert [decision.tokens_in for decision in execution.decisions] == [100]


def test_cost_is_that_of_the_model_runs_and_else_the_root_s(tmp_path: Path) -> None:
    outputs = answer("x", ("1", "a"))
    rows = [model("m", outputs, total_cost="0.25"), model("n", answer("y"), 3, total_cost=0.5), called("a", "1")]
    execution = only(tmp_path, root(total_cost=0.75), *rows)
    assert execution.cost_usd == 0.75
    assert [decision.cost_usd for decision in execution.decisions] == [0.25]
    alone = only(tmp_path, root(total_cost=0.9), model("m", outputs), called("a", "1"))
    assert alone.cost_usd == 0.9
    assert [decision.cost_usd for decision in alone.decisions] == [None]
    assert only(tmp_path, root(), model("m", outputs)).cost_usd is None


def test_the_model_is_named_by_what_was_asked_for_else_by_the_answer(tmp_path: Path) -> None:
    outputs = answer("x", ("1", "a"), response_metadata={"model_name": "answered"})
    asked = {"extra": {"invocation_params": {"model": "asked"}, "metadata": {"ls_model_name": "named"}}}
    cases: list[tuple[dict[str, Any], str]] = [
        (asked, "named"),
        ({"extra": {"invocation_params": {"model": "asked"}}}, "asked"),
        ({}, "answered"),
    ]
    for extra, name in cases:
        execution = only(tmp_path, root(), model("m", outputs, **extra), called("a", "1"))
        assert (execution.model, execution.decisions[0].model) == (name, name)
