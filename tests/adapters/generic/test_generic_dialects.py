"""The same work told in the words of different services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soma.model import DecisionDraft

from .conversations import anthropic, legacy, lines, openai, read, responses, the_one, written


def told(decisions: list[DecisionDraft]) -> list[tuple[str, Any, str]]:
    return [(decision.tool, decision.arguments, decision.outcome) for decision in decisions]


MAKE = ("shell", {"command": "make"}, "failed")
READ = ("read", {"path": "Makefile"}, "ok")


def test_openai_chat(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", {"messages": openai(), "model": "gpt-9", "agent": "mender"}))
    assert told(run.decisions) == [MAKE, READ, ("write", {"path": "Makefile"}, "unknown")]
    assert [decision.turn for decision in run.decisions] == [0, 0, 1]
    assert [decision.reasoning for decision in run.decisions] == ["I look first.", "I look first.", None]
    assert run.decisions[0].error == run.decisions[0].output == "Error: no rule to make target"
    assert run.decisions[1].error is None
    assert (run.agent_id, run.model, run.task_text, run.status) == ("mender", "gpt-9", "Mend the build.", "unknown")
    assert run.success is None and run.success_from is None
    assert run.execution_id.startswith("chat:") and run.claims == [run.execution_id]


def test_anthropic_blocks(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", anthropic()))
    assert told(run.decisions) == [MAKE, READ]
    first, second = run.decisions
    assert first.reasoning == "The log will tell.\n\nI look first."
    assert (first.output, first.error, second.output) == ("boom", "boom", "[image]")
    assert (first.tokens_in, first.tokens_out, second.tokens_in) == (10, 5, None)
    assert (run.tokens_in, run.tokens_out, run.tokens_cache_read) == (10, 5, 90)
    assert (run.status, run.decisions[1].turn) == ("completed", 0)


def test_responses_items(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", {"input": responses()[:1], "output": responses()[1:]}))
    assert told(run.decisions) == [MAKE, READ, ("lookup", {}, "failed")]
    assert [decision.reasoning for decision in run.decisions] == ["The log will tell.", "The log will tell.", None]
    assert run.decisions[2].error == "server gone"
    assert (run.task_text, run.status) == ("Mend the build.", "completed")


def test_the_older_function_call(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", legacy()))
    assert told(run.decisions) == [MAKE]
    assert run.decisions[0].error == "no rule"


def test_gemini_parts(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", {"contents": [
        {"role": "user", "parts": [{"text": "Mend the build."}]},
        {"role": "model", "parts": [
            {"text": "hm", "thought": True}, {"functionCall": {"name": "shell", "args": {"command": "make"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "shell", "response": {"error": "no rule"}}}]},
        {"role": "model", "parts": [{"text": "Sorry."}]},
    ]}))  # fmt: skip
    assert told(run.decisions) == [MAKE]
    assert (run.decisions[0].reasoning, run.decisions[0].error, run.status) == ("hm", "no rule", "completed")


def test_pairs_of_fine_tuning_sets(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", [{"id": "7", "conversations": [
        {"from": "human", "value": "Mend the build."},
        {"from": "function_call", "value": '{"name": "shell", "arguments": {"command": "make"}}'},
        {"from": "observation", "value": "Error: no rule"},
        {"from": "gpt", "value": "Sorry."},
    ]}]))  # fmt: skip
    assert told(run.decisions) == [MAKE]


def test_flat_calls_with_args(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", [
        {"type": "human", "content": "Mend the build."},
        {"type": "ai", "content": "", "tool_calls": [
            {"name": "shell", "args": {"command": "make"}, "id": "1", "type": "tool_call"}]},
        {"type": "tool", "content": "no rule", "tool_call_id": "1", "status": "error"},
        {"type": "ai", "content": "Sorry."},
    ]))  # fmt: skip
    assert told(run.decisions) == [MAKE]


def test_lines_that_hold_conversations(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"messages": openai("c1", "c2"), "tools": []}, {"messages": anthropic()}])
    first, second = read(path).executions
    assert told(first.decisions)[:2] == told(second.decisions) == [MAKE, READ]
    data = path.read_bytes()
    assert data[second.offset : second.offset + second.length] == data.splitlines(keepends=True)[1]
    assert second.decisions[0].offset == second.offset


def test_lines_that_hold_messages_of_several_sessions(tmp_path: Path) -> None:
    mixed = [
        {
            "session_id": name,
            "timestamp": f"2026-01-01T00:00:{second:02}Z",
            "agent_id": f"agent-{name}",
            "message": message,
        }
        for second, message in enumerate(anthropic())
        for name in ("a", "b")
    ]
    out = read(lines(tmp_path / "log.jsonl", mixed))
    assert out.damage == []
    assert {(run.session_id, run.agent_id) for run in out.executions} == {("a", "agent-a"), ("b", "agent-b")}
    assert all(told(run.decisions) == [MAKE, READ] for run in out.executions)
    assert {decision.duration_ms for run in out.executions for decision in run.decisions} == {1000.0}
    assert len(out.by_id()) == 2


def test_evidence_points_at_the_message(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"meta": {"text": '{"messages": []}'}, "data": [{"messages": openai()}]})
    run = the_one(path)
    data = path.read_bytes()
    for decision in run.decisions:
        assert decision.tool.encode() in data[decision.offset : decision.offset + decision.length]
        assert decision.length < 700


def test_plain_chat_is_a_run_without_decisions(tmp_path: Path) -> None:
    run = the_one(
        written(
            tmp_path / "a.json",
            {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]},
        )
    )
    assert (run.decisions, run.status) == ([], "completed")


def test_facts_beside_the_messages(tmp_path: Path) -> None:
    run = the_one(written(tmp_path / "a.json", {
        "model": {"id": "gpt-9"}, "runs": [{
            "taskId": 7, "trial": 2, "agentName": "mender", "metadata": {"reward": 0.5, "conversationId": "conv-1"},
            "createdAt": "2026-01-01T00:00:00Z", "ended_at": 1767225660, "cost": 0.25, "messages": anthropic(),
            "usage": {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}},
        }]}))  # fmt: skip
    assert (run.model, run.task_id, run.agent_id, run.labels) == ("gpt-9", "task:7", "mender", {"trial": "2"})
    assert (run.score, run.success, run.success_from, run.session_id) == (0.5, False, "reward", "conv-1")
    assert run.started_at is not None and run.ended_at == run.started_at + 60_000_000
    assert (run.tokens_in, run.tokens_out, run.tokens_cache_read, run.cost_usd) == (40, 7, 60, 0.25)


def test_how_a_run_was_judged(tmp_path: Path) -> None:
    def judged(**facts: Any) -> tuple[float | None, bool | None, str | None, str]:
        run = the_one(written(tmp_path / "a.json", {"messages": anthropic(), **facts}))
        return run.score, run.success, run.success_from, run.status

    assert judged(reward=1) == (1, True, "reward", "completed")
    assert judged(reward=0.0) == (0, False, "reward", "completed")
    assert judged(score=57) == (57, None, None, "completed")
    assert judged(resolved=True) == (None, True, "evaluation", "completed")
    assert judged(resolved=False, score=1.0) == (1, False, "evaluation", "completed")
    assert judged(reward="high", success="yes") == (None, None, None, "completed")
    assert judged(error="out of memory") == (None, None, None, "failed")
    assert judged(status="failed") == (None, None, None, "failed")
