"""What a tool run was called with, what came of it, how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.adapters.langchain.absorb import error_head

from .rows import answer, only, read, root, row, write_lines

UNFINISHED = {"end_time": None}


def message(content: Any, status: str = "success", **fields: Any) -> dict[str, Any]:
    return {"type": "tool", "content": content, "status": status, "tool_call_id": "call_1", **fields}


def constructor(content: str, status: str) -> dict[str, Any]:
    kwargs = {"content": content, "status": status, "tool_call_id": "call_1"}
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"], "kwargs": kwargs}


@pytest.mark.parametrize(
    ("fields", "outcome", "error"),
    [
        ({"outputs": {"output": "done"}}, "ok", None),
        ({"outputs": {}}, "ok", None),
        ({"outputs": {"output": "done"}, **UNFINISHED}, "ok", None),
        ({"outputs": {"output": ""}, **UNFINISHED}, "ok", None),
        ({"outputs": {}, **UNFINISHED}, "unknown", None),
        (UNFINISHED, "unknown", None),
        ({**UNFINISHED, "status": "pending"}, "unknown", None),
        ({"status": "error"}, "failed", None),
        ({"outputs": {"output": message("no such order", "error")}}, "failed", "no such order"),
        ({"outputs": {"output": constructor("no such order", "error")}}, "failed", "no such order"),
        ({"outputs": {"output": message("the request timed out", "error")}}, "timeout", "the request timed out"),
        ({"outputs": {"output": message("error: no such order")}}, "ok", None),
        ({"error": "ValueError('bad')Traceback (most recent call last):\n..."}, "failed", "ValueError('bad')"),
        ({"error": "ReadTimeout('10 s')"}, "timeout", "ReadTimeout('10 s')"),
        ({"error": "TimeoutError()Traceback (most recent call last):\n"}, "timeout", "TimeoutError()"),
        ({"error": "CancelledError()"}, "skipped", "CancelledError()"),
        ({"error": "GraphInterrupt((Interrupt(value='sure?'),))"}, "unknown", None),
        ({"error": "ParentCommand(Command(goto='billing'))"}, "ok", None),
    ],
)
def test_how_a_tool_run_ended(tmp_path: Path, fields: dict[str, Any], outcome: str, error: str | None) -> None:
    (decision,) = only(tmp_path, root(), row("refund", **fields)).decisions
    assert (decision.outcome, decision.error) == (outcome, error)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({"output": "plain"}, "plain"),
        ({"output": message([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}])}, "a\n[image]"),
        ({"output": {"order": 7}}, '{"order":7}'),
        ({"rows": [1, 2]}, '{"rows":[1,2]}'),
        ({"output": None}, None),
        ({"output": {"update": {"messages": [message("x", tool_call_id="b"), message("mine")]}, "goto": "y"}}, "mine"),
        ({"output": [message("mine"), message("x", tool_call_id="b")]}, "mine"),
        ("just text", "just text"),
    ],
)
def test_what_came_back_is_flattened_to_text(tmp_path: Path, outputs: Any, text: str | None) -> None:
    rows = [root(), row("refund", outputs=outputs, extra={"tool_call_id": "call_1"})]
    (decision,) = only(tmp_path, *rows).decisions
    assert decision.output == text


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        ({"order": "W1", "amount": 2}, {"order": "W1", "amount": 2}),
        ({}, {}),
        (None, None),
        ({"input": '{"order": "W1"}'}, {"order": "W1"}),
        (
            {"input": "{'order': 'W1', 'paid': True, 'lines': (1, 2), 'note': None}"},
            {"order": "W1", "paid": True, "lines": [1, 2], "note": None},
        ),
        ({"input": "acme"}, "acme"),
        ({"input": "5"}, "5"),
        ({"input": "{'order': datetime(2026, 1, 1)}"}, "{'order': datetime(2026, 1, 1)}"),
        ({"input": "{'a': __import__('os')}"}, "{'a': __import__('os')}"),
        ({"input": "{broken"}, "{broken"),
        ({"input": "x", "limit": 3}, {"input": "x", "limit": 3}),
        ({"input": {"order": "W1"}}, {"input": {"order": "W1"}}),
    ],
)
def test_arguments_are_the_object_even_where_it_was_written_as_text(
    tmp_path: Path, inputs: Any, arguments: Any
) -> None:
    (decision,) = only(tmp_path, root(), row("refund", inputs=inputs)).decisions
    assert decision.arguments == arguments


@pytest.mark.parametrize(
    "deep",
    [
        "{'a': " + "[" * 5000 + "]" * 5000 + "}",
        "{'a': " + "-" * 5000 + "1}",
        "{'a': 1" + "+1" * 20000 + "}",
        "{" + "x" * 100_000,
    ],
)
def test_text_that_would_choke_the_parser_stays_text(tmp_path: Path, deep: str) -> None:
    (decision,) = only(tmp_path, root(), row("refund", inputs={"input": deep})).decisions
    assert decision.arguments == deep


def test_an_exception_that_ran_up_the_tree_is_one_failed_decision_and_one_failed_execution(tmp_path: Path) -> None:
    error = "ValueError('negative')Traceback (most recent call last):\n  File x\nValueError: negative\n\n"
    execution = only(
        tmp_path,
        root(error=error + "During task with name 'tools' and id '1'"),
        row("tools", "chain", error=error),
        row("refund", parent="tools", error=error),
    )
    assert [(d.tool, d.outcome, d.error) for d in execution.decisions] == [
        ("refund", "failed", "ValueError('negative')")
    ]
    assert (execution.status, execution.error) == ("failed", "ValueError('negative')")


@pytest.mark.parametrize(
    ("stored", "head"),
    [
        (
            "Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'\nDuring task with name 'a'",
            "KeyError: 'x'",
        ),
        ("Error: no route\n    at fetch (index.js:1)\n    at run", "Error: no route"),
        ("plain words", "plain words"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("  ", None),
        ({"message": "x"}, None),
    ],
)
def test_the_error_is_the_exception_and_not_its_traceback(stored: Any, head: str | None) -> None:
    assert error_head(stored) == head


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "completed"),
        ({"end_time": None}, "unknown"),
        ({"error": "ValueError('x')"}, "failed"),
        ({"error": "ValueError('x')", "end_time": None}, "failed"),
        ({"status": "error"}, "failed"),
        ({"error": "GraphInterrupt(())"}, "unknown"),
        ({"error": "CancelledError()"}, "unknown"),
    ],
)
def test_how_an_execution_ended_is_told_by_its_root(tmp_path: Path, fields: dict[str, Any], status: str) -> None:
    assert only(tmp_path, root(**fields), row("refund", outputs={"output": "x"})).status == status


def test_decisions_come_in_the_order_of_the_tree_and_without_a_clock_by_id(tmp_path: Path) -> None:
    late, early = row("b", second=5), row("a", second=9)
    inner = row("inner", parent="b", second=6)
    unclocked = [row(name, second=7, start_time=None, end_time=None) for name in ("z", "y")]
    execution = only(tmp_path, early, *unclocked, inner, late, root())
    assert [decision.tool for decision in execution.decisions] == ["y", "z", "b", "inner", "a"]
    assert [decision.duration_ms for decision in execution.decisions] == [None, None, 500.0, 500.0, 500.0]
    assert execution.decisions[3].parent_decision_id == "lc:root#b"


def test_runs_whose_chains_were_filtered_out_of_the_export_stay_in_order(tmp_path: Path) -> None:
    stamp = "20260301T1000{:02d}000000Z{}"
    rows = [root(dotted_order=stamp.format(0, "root"))]
    for second, name in ((3, "second"), (1, "first")):
        place = ".".join([stamp.format(0, "root"), stamp.format(second, f"gone{second}"), stamp.format(second, name)])
        rows.append(row(name, parent=f"gone{second}", second=second, dotted_order=place))
    assert [decision.tool for decision in only(tmp_path, *rows).decisions] == ["first", "second"]


def test_without_its_root_a_trace_is_an_execution_of_unknown_end(tmp_path: Path) -> None:
    execution = only(tmp_path, row("refund", extra={"metadata": {"agent": "careful", "thread_id": "t"}}))
    assert execution.execution_id == "lc:root"
    assert (execution.status, execution.ended_at) == ("unknown", None)
    assert (execution.agent_id, execution.session_id) == ("careful", "t")


def test_retrievals_are_decisions_only_where_no_tool_was_called(tmp_path: Path) -> None:
    outputs = {"documents": [{"page_content": "first"}, {"page_content": "second", "metadata": {}}]}
    retrieval = row("search", "retriever", outputs=outputs, inputs={"query": "refunds"})
    (decision,) = only(tmp_path, root(), retrieval).decisions
    assert (decision.tool, decision.arguments, decision.output) == ("search", {"query": "refunds"}, "first\n\nsecond")
    assert decision.outcome == "ok"
    assert [d.tool for d in only(tmp_path, root(), retrieval, row("refund")).decisions] == ["refund"]


def test_an_update_whose_run_never_began_here_is_damage(tmp_path: Path) -> None:
    lines = [root(), {"patch": [{"id": "lost", "trace_id": "root", "end_time": "2026-03-01T10:00:02"}]}]
    out = read(write_lines(tmp_path / "ops.jsonl", lines))
    assert [e.execution_id for e in out.executions] == ["lc:root"]
    assert ["update of a run" in damage.reason for damage in out.damage] == [True]


def test_feedback_and_attachment_parts_of_a_request_are_no_damage(tmp_path: Path) -> None:
    lines = [
        {"part": "post.root", "value": root()},
        {"part": "feedback.f1", "value": {"key": "x"}},
        {"part": "attachment.root.png", "value": "..."},
        {"post": [], "patch": []},
    ]
    assert read(write_lines(tmp_path / "ops.jsonl", lines)).damage == []


def test_what_is_no_run_is_damage_with_its_place(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "mixed.jsonl", [root(), {"hello": 1}, {"part": "dance.1"}, {"post": [7]}, answer("x")]
    )
    out = read(path)
    lines = path.read_bytes().splitlines(keepends=True)
    assert [damage.length for damage in out.damage] == [len(line) for line in lines[1:]]
    assert [damage.offset for damage in out.damage] == [sum(map(len, lines[:n])) for n in range(1, 5)]
