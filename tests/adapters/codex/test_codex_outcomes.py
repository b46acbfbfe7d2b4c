"""How calls and runs ended, what they cost, why they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.adapters.codex import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import run

from .thread import Thread, write


def only(path: Path) -> ExecutionDraft:
    (execution,) = run(ADAPTER, path).executions
    return execution


def read(tmp_path: Path, thread: Thread) -> ExecutionDraft:
    return only(write(tmp_path / "r.jsonl", thread.lines))


def concluded(tmp_path: Path, output: Any, *events: dict[str, Any]) -> DecisionDraft:
    thread = Thread()
    thread.turn()
    thread.call("call_1")
    for event in events:
        thread.event(call_id="call_1", **event)
    thread.output("call_1", output)
    (decision,) = read(tmp_path, thread).decisions
    return decision


def exited(code: int, text: str = "x") -> str:
    return f'{{"output": "{text}", "metadata": {{"exit_code": {code}, "duration_seconds": 0.5}}}}'


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        (exited(0), "ok"),
        (exited(2), "failed"),
        (exited(124, "command timed out after 10 milliseconds"), "timeout"),
        (exited(1, "failed in sandbox: quoted"), "failed"),
        (exited(0, "failed in sandbox: quoted"), "ok"),
        ("failed in sandbox: no", "failed"),
        ("execution error: Io", "failed"),
        ("execution error: command timed out", "timeout"),
        ("failed to parse function arguments: EOF", "failed"),
        ("apply_patch verification failed: no such file", "failed"),
        ("patch rejected by user", "skipped"),
        ("exec command rejected by user", "skipped"),
        ('exec_command failed for `ls`: Rejected("rejected by user")', "skipped"),
        ("aborted by user after 3.2s", "skipped"),
        ("aborted", "skipped"),
        ("Plan updated", "ok"),
        ("a log that says: failed in sandbox", "ok"),
        ("Exit code: 0\nWall time: 0.1 seconds\nOutput:\nExit code: 1\n", "ok"),
        ("Exit code: 1\nWall time: 0.1 seconds\nOutput:\n", "failed"),
        ("Exit code: 124\nWall time: 9 seconds\nOutput:\ncommand timed out after 9000 milliseconds\n", "timeout"),
        ("Chunk ID: a1\nWall time: 0.2 seconds\nProcess exited with code 3\nOutput:\n", "failed"),
        ("Chunk ID: a1\nWall time: 0.2 seconds\nProcess running with session ID 7\nOutput:\n", "unknown"),
        ({"content": "no", "success": False}, "failed"),
        ({"content": "yes", "success": True}, "ok"),
        ([{"type": "input_text", "text": "seen"}, {"type": "input_image", "image_url": "data:"}], "ok"),
        ('{"metadata": {"page": 1}, "items": []}', "ok"),
        (None, "ok"),
    ],
)
def test_outcome(tmp_path: Path, output: Any, outcome: str) -> None:
    decision = concluded(tmp_path, output)
    assert decision.outcome == outcome
    assert (decision.error is None) == (outcome in ("ok", "unknown") or decision.output == "")


def test_output_is_what_the_tool_said(tmp_path: Path) -> None:
    assert concluded(tmp_path, exited(0, "hello")).output == "hello"
    assert concluded(tmp_path, '{"metadata": {"page": 1}}').output == '{"metadata": {"page": 1}}'
    blocks = [{"type": "input_text", "text": "seen"}, {"type": "input_image", "image_url": "data:"}]
    assert concluded(tmp_path, blocks).output == "seen\n[image]"


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ({"kind": "exec_command_end", "exit_code": 1, "duration": {"secs": 2, "nanos": 500_000_000}}, "failed"),
        ({"kind": "exec_command_end", "status": "declined"}, "skipped"),
        ({"kind": "patch_apply_end", "success": False}, "failed"),
        ({"kind": "mcp_tool_call_end", "result": {"Ok": {"content": [], "isError": True}}}, "failed"),
        ({"kind": "mcp_tool_call_end", "result": {"Err": "gone"}}, "failed"),
        ({"kind": "mcp_tool_call_end", "result": {"Ok": {"content": []}}}, "ok"),
    ],
)
def test_an_event_tells_what_the_text_does_not(tmp_path: Path, event: dict[str, Any], outcome: str) -> None:
    decision = concluded(tmp_path, "plain words", event)
    assert (decision.outcome, decision.output) == (outcome, "plain words")
    assert decision.duration_ms == (2500.0 if "duration" in event else 2000.0)


def test_durations_are_measured_or_lie_between_lines_of_different_times(tmp_path: Path) -> None:
    assert concluded(tmp_path, exited(0)).duration_ms == 500.0
    assert concluded(tmp_path, "Exit code: 0\nWall time: 1.5 seconds\nOutput:\n").duration_ms == 1500.0
    assert concluded(tmp_path, "Plan updated").duration_ms == 1000.0
    thread = Thread()
    thread.call("call_1")
    thread.second -= 1
    thread.output("call_1", "failed in sandbox: x")
    assert read(tmp_path, thread).decisions[0].duration_ms is None


def test_other_kinds_of_calls(tmp_path: Path) -> None:
    thread = Thread()
    thread.turn()
    thread.item("custom_tool_call", name="apply_patch", input="*** Begin Patch", call_id="c1", status="completed")
    thread.item("custom_tool_call_output", call_id="c1", output=exited(0))
    thread.item("local_shell_call", call_id="c2", status="completed", action={"type": "exec", "command": ["ls"]})
    thread.output("c2", exited(1))
    thread.item("web_search_call", status="completed", action={"type": "search", "query": "soma"})
    thread.call("c4", "get_issue", {"number": 1}, namespace="mcp__github__")
    thread.output("c4")
    thread.call("c5", "spawn_agent", {"agent_type": "explorer", "message": "look"})
    thread.item("function_call", name="shell", arguments="{broken", call_id="c6")
    told = [(d.tool, d.arguments, d.outcome, d.kind) for d in read(tmp_path, thread).decisions]
    assert told == [
        ("apply_patch", "*** Begin Patch", "ok", "tool_choice"),
        ("local_shell", {"type": "exec", "command": ["ls"]}, "failed", "tool_choice"),
        ("web_search", {"type": "search", "query": "soma"}, "ok", "tool_choice"),
        ("mcp__github__get_issue", {"number": 1}, "ok", "tool_choice"),
        ("spawn_agent", {"agent_type": "explorer", "message": "look"}, "unknown", "delegation"),
        ("shell", "{broken", "unknown", "tool_choice"),
    ]


def test_an_aborted_turn_skips_its_open_calls(tmp_path: Path) -> None:
    thread = Thread()
    thread.turn("first")
    thread.call("call_lost")
    thread.turn("second", model="gpt-5")
    thread.call("call_1")
    thread.call("call_2")
    thread.output("call_1")
    thread.event("turn_aborted", reason="interrupted")
    execution = read(tmp_path, thread)
    assert [decision.outcome for decision in execution.decisions] == ["unknown", "ok", "skipped"]
    assert [decision.turn for decision in execution.decisions] == [0, 1, 1]
    assert [decision.model for decision in execution.decisions] == ["gpt-5.5", "gpt-5", "gpt-5"]
    assert (execution.status, execution.labels["ended"], execution.task_text) == ("unknown", "interrupted", "first")


def test_how_a_run_ended(tmp_path: Path) -> None:
    thread = Thread()
    thread.turn()
    thread.answer()
    assert read(tmp_path, thread).status == "unknown"
    thread.done()
    assert read(tmp_path, thread).status == "completed"
    thread.turn()
    thread.event("error", message="usage limit reached")
    thread.done()
    failed = read(tmp_path, thread)
    assert (failed.status, failed.error, failed.success) == ("failed", "usage limit reached", None)


def test_tokens_belong_to_the_first_call_of_their_message_in_either_order(tmp_path: Path) -> None:
    newer, older = Thread(), Thread()
    for thread in (newer, older):
        thread.turn()
        for number in (1, 2):
            if thread is older:
                thread.line("turn_context", {"model": "gpt-5.5"})
                thread.tokens(100 * number, 10 * number, cached=40 * number)
            thread.call(f"call_{number}a")
            thread.call(f"call_{number}b")
            if thread is newer:
                thread.tokens(100 * number, 10 * number, cached=40 * number)
                thread.tokens(100 * number, 10 * number, cached=40 * number)
            thread.output(f"call_{number}a")
            thread.output(f"call_{number}b")
        execution = read(tmp_path, thread)
        assert [d.tokens_in for d in execution.decisions] == [60, None, 60, None]
        assert (execution.tokens_in, execution.tokens_cache_read, execution.tokens_out) == (120, 80, 20)


def test_a_total_that_falls_has_started_again(fixtures: Path) -> None:
    execution = only(fixtures / "codex" / "resumed.jsonl")
    # Up to the restart 1,363,408 tokens, and 37,543 after it.
    spent = (execution.tokens_in or 0) + (execution.tokens_cache_read or 0) + (execution.tokens_out or 0)
    assert spent == 1_400_951
    assert [decision.outcome for decision in execution.decisions].count("failed") == 4


def test_reasons_come_once_from_the_most_readable_place(tmp_path: Path) -> None:
    thread = Thread()
    thread.turn()
    thread.event("agent_reasoning", text="I look")
    thread.item("reasoning", summary=[{"type": "summary_text", "text": "I look"}], encrypted_content="gAAA")
    thread.call("call_1")
    thread.call("call_2")
    thread.output("call_1")
    thread.output("call_2")
    thread.call("call_3")
    thread.output("call_3")
    thread.item("reasoning", summary=[{"type": "summary_text", "text": "then I write"}])
    thread.call("call_4")
    thread.output("call_4")
    thread.answer("Now the tests.")
    thread.call("call_5")
    reasons = [decision.reasoning for decision in read(tmp_path, thread).decisions]
    assert reasons == ["I look", "I look", None, "then I write", "Now the tests."]


def test_real_failures(fixtures: Path) -> None:
    execution = only(fixtures / "codex" / "two-turns.jsonl")
    assert [decision.outcome for decision in execution.decisions][:3] == ["failed", "failed", "ok"]
    assert (execution.agent_id, execution.model, execution.status) == ("project", "gpt-5-codex", "completed")


def test_real_answer_without_a_call(fixtures: Path) -> None:
    execution = only(fixtures / "codex" / "answer-only.jsonl")
    assert (execution.decisions, execution.status, execution.agent_id) == ([], "completed", "workspace")
    assert (execution.tokens_in, execution.tokens_cache_read, execution.tokens_out) == (1675, 20864, 10)


def test_real_stream(fixtures: Path) -> None:
    execution = only(fixtures / "codex" / "stream-output-5.jsonl")
    (decision,) = execution.decisions
    assert (decision.tool, decision.arguments, decision.outcome) == ("shell", {"command": "zsh -lc ls"}, "ok")
    assert decision.reasoning == "**Listing files in directory**"
    assert (decision.started_at, decision.duration_ms, execution.started_at) == (None, None, None)


def test_a_stream_of_every_kind_of_item(tmp_path: Path) -> None:
    def item(kind: str, number: int, event: str = "item.completed", **fields: Any) -> dict[str, Any]:
        return {"type": event, "item": {"id": f"item_{number}", "type": kind, **fields}}

    lines = [
        {"type": "thread.started", "thread_id": "t-1"},
        {"type": "turn.started"},
        item("command_execution", 1, "item.started", command="false", status="in_progress"),
        item("command_execution", 1, command="false", exit_code=1, status="failed", aggregated_output="no"),
        item("command_execution", 2, command="rm x", status="declined"),
        item("file_change", 3, changes=[{"path": "a.py", "kind": "update"}], status="failed"),
        item("mcp_tool_call", 4, server="github", tool="get", arguments={"n": 1}, status="failed",
             error={"message": "gone"}),
        item("mcp_tool_call", 5, server="github", tool="get", arguments={"n": 2}, status="completed",
             result={"content": [{"type": "text", "text": "found"}]}),
        item("todo_list", 6, "item.started", items=[{"text": "a", "completed": False}]),
        item("todo_list", 6, items=[{"text": "a", "completed": True}]),
        item("web_search", 7, query="soma"),
        item("command_execution", 8, "item.started", command="sleep 9", status="in_progress"),
        {"type": "turn.failed", "error": {"message": "stream closed"}},
        {"type": "thread.started", "thread_id": "t-1"},
        {"type": "turn.started"},
        item("command_execution", 1, command="ls", exit_code=0, status="completed"),
        {"type": "turn.completed", "usage": {"input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 2}},
    ]  # fmt: skip
    path = write(tmp_path / "s.jsonl", lines)
    execution = only(path)
    told = [(decision.tool, decision.outcome, decision.turn) for decision in execution.decisions]
    assert told == [
        ("shell", "failed", 0),
        ("shell", "skipped", 0),
        ("apply_patch", "failed", 0),
        ("mcp__github__get", "failed", 0),
        ("mcp__github__get", "ok", 0),
        ("update_plan", "ok", 0),
        ("web_search", "ok", 0),
        ("shell", "unknown", 0),
        ("shell", "ok", 1),
    ]
    assert execution.decisions[3].error == "gone"
    assert execution.decisions[0].native_id == "item_1" and execution.decisions[-1].native_id is None
    assert (execution.status, execution.error, execution.tokens_in) == ("completed", None, 6)
    assert only(write(path, lines[:13])).status == "failed"


def test_an_early_rollout_is_items_without_envelope(tmp_path: Path) -> None:
    def message(role: str, text: str) -> dict[str, Any]:
        kind = "output_text" if role == "assistant" else "input_text"
        return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}

    lines = [
        {"id": "5973b6c0-94b8-487b-a530-2aeb6098ae0e", "timestamp": "2025-08-01T10:00:00.000Z", "instructions": None},
        {"record_type": "state"},
        message("user", "<environment_context>\n  <cwd>/home/me/shop</cwd>\n</environment_context>"),
        message("user", "do it"),
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "I look"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"command":["ls"]}', "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": exited(0)},
        message("assistant", "done"),
    ]
    execution = only(write(tmp_path / "rollout.jsonl", lines))
    assert execution.execution_id == "cx:5973b6c0-94b8-487b-a530-2aeb6098ae0e"
    assert (execution.agent_id, execution.task_text, execution.status) == ("shop", "do it", "completed")
    (decision,) = execution.decisions
    assert (decision.reasoning, decision.outcome, decision.duration_ms) == ("I look", "ok", 500.0)
    assert execution.labels["turns"] == "1"


def test_every_decision_points_at_the_bytes_that_hold_it(fixtures: Path) -> None:
    path = fixtures / "codex" / "two-turns.jsonl"
    data = path.read_bytes()
    decisions = only(path).decisions
    assert len(decisions) == 16
    for decision in decisions:
        record = data[decision.offset : decision.offset + decision.length]
        assert f'"call_id": "{decision.native_id}"'.encode() in record and b'"function_call"' in record
