"""What becomes of a chat: calls, reasons, endings, rewinds, and the line form of the same records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma import codec
from soma.adapters.gemini_cli import ADAPTER
from soma.harvester.resolve import resolve
from soma.model import ExecutionDraft
from tests.adapters.reading import run

HEAD = {"sessionId": "s-1", "projectHash": "abc", "startTime": "2026-03-01T10:00:00.000Z"}


def only(path: Path) -> ExecutionDraft:
    (execution,) = run(ADAPTER, path).executions
    return execution


def user(number: int, text: Any = "do it") -> dict[str, Any]:
    return {"id": f"m{number}", "timestamp": f"2026-03-01T10:00:{number:02d}.000Z", "type": "user", "content": text}


def gemini(number: int, *calls: dict[str, Any], content: Any = "", **fields: Any) -> dict[str, Any]:
    tokens = {"input": 10, "output": 3, "cached": 4, "thoughts": 2, "tool": 1, "total": 16}
    return {
        **user(number, content),
        "type": "gemini",
        "toolCalls": list(calls),
        "model": "gemini-2.5-pro",
        "tokens": tokens,
        **fields,
    }


def call(call_id: str, status: str = "success", name: str = "read_file", **response: Any) -> dict[str, Any]:
    result = [{"functionResponse": {"id": call_id, "name": name, "response": response or {"output": "fine"}}}]
    return {"id": call_id, "name": name, "args": {"path": "/a"}, "result": result, "status": status}


def document(path: Path, *messages: Any, **head: Any) -> Path:
    path.write_text(codec.pretty({**HEAD, **head, "messages": list(messages)}), encoding="utf-8")
    return path


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(codec.encode(record) + "\n" for record in (HEAD, *records)), encoding="utf-8")
    return path


def shell(code: int | str) -> str:
    return f"Command: x\nDirectory: (root)\nOutput: Exit Code: 7\nError: (none)\nExit Code: {code}\nSignal: 0"


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (call("c"), "ok"),
        (call("c", "error", error="gone"), "failed"),
        (call("c", "error", error="the request timed out"), "timeout"),
        (call("c", "cancelled", error="[Operation Cancelled] Reason: User cancelled the operation."), "skipped"),
        (
            call("c", "cancelled", output="Command was cancelled because it exceeded the timeout of 5 minutes"),
            "timeout",
        ),
        (call("c", "executing"), "unknown"),
        (call("c", "success", "run_shell_command", output=shell(0)), "ok"),
        (call("c", "success", "run_shell_command", output=shell(127)), "failed"),
        (call("c", "success", "run_shell_command", output=shell("(none)")), "unknown"),
        (call("c", "success", "read_file", output=shell(1)), "ok"),
        ({"id": "c", "name": "read_file"}, "unknown"),
    ],
)
def test_outcome(tmp_path: Path, made: dict[str, Any], outcome: str) -> None:
    (decision,) = only(document(tmp_path / "s.json", user(1), gemini(2, made))).decisions
    assert decision.outcome == outcome
    assert (decision.error is not None) == (outcome in ("failed", "skipped", "timeout"))
    assert decision.duration_ms is None


def test_a_message_is_thought_over_and_paid_for_once(tmp_path: Path) -> None:
    thoughts = [{"subject": "Looking", "description": "first here"}, {"subject": "Then there"}, 7]
    path = document(tmp_path / "s.json", user(1), gemini(2, call("c1"), call("c2"), thoughts=thoughts),
                    gemini(3, call("c3"), content="I write"), user(4), gemini(5, call("c1"), call("c4")))  # fmt: skip
    execution = only(path)
    assert [decision.native_id for decision in execution.decisions] == ["c1", "c2", "c3", "c4"]
    assert [decision.turn for decision in execution.decisions] == [0, 0, 0, 1]
    assert [decision.tokens_in for decision in execution.decisions] == [7, None, 7, 7]
    assert (execution.tokens_in, execution.tokens_cache_read, execution.tokens_out) == (21, 12, 15)
    first, second, third, last = (decision.reasoning for decision in execution.decisions)
    assert (first, second, third, last) == ("Looking: first here\nThen there", first, "I write", None)


def test_how_a_chat_ended(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    assert only(document(path, user(1), gemini(2, content="done"))).status == "completed"
    assert only(document(path, user(1))).status == "unknown"
    assert only(document(path, user(1), gemini(2, call("c")))).status == "unknown"
    stopped = only(document(path, user(1), gemini(2, call("c", "cancelled"))))
    assert (stopped.status, stopped.labels["ended"]) == ("unknown", "interrupted")
    failed = only(document(path, user(1), {"type": "error", "content": "quota", "id": "m2"}))
    assert (failed.status, failed.error, failed.success) == ("failed", "quota", None)


def test_lines_tell_what_the_document_tells(tmp_path: Path) -> None:
    messages = [user(1, [{"text": "do it"}, {"inlineData": {"mimeType": "image/png"}}]), gemini(2, call("c1"))]
    whole = only(document(tmp_path / "s.json", *messages))
    early = {**messages[1], "toolCalls": []}
    path = lines(tmp_path / "s.jsonl", messages[0], early, {"$set": {"lastUpdated": "x"}}, messages[1])
    written = only(path)
    assert whole.task_text == written.task_text == "do it\n[image]"
    for name in ("execution_id", "claims", "tokens_in", "started_at", "ended_at", "labels", "status"):
        assert getattr(whole, name) == getattr(written, name)
    (decision,) = written.decisions
    data = path.read_bytes()
    assert b'"toolCalls":[{' in data[decision.offset : decision.offset + decision.length]
    (kept,) = resolve(run(ADAPTER, path, tmp_path / "s.json").executions, {})
    assert len(kept.decisions) == 1


def test_what_a_rewind_took_back_is_an_abandoned_path(tmp_path: Path) -> None:
    path = lines(tmp_path / "s.jsonl", user(1), gemini(2, call("c1")), user(3), gemini(4, call("c2")),
                 {"$rewindTo": "m3"}, user(5), gemini(6, call("c3")))  # fmt: skip
    runs = run(ADAPTER, path).by_id()
    left, main = runs["gm:s-1~m3"], runs["gm:s-1"]
    assert [decision.native_id for decision in main.decisions] == ["c1", "c3"]
    assert [decision.native_id for decision in left.decisions] == ["c2"]
    assert (left.labels["branch"], left.parent_execution_id) == ("abandoned", "gm:s-1")


def test_a_sub_agent_belongs_to_the_session_its_folder_names(tmp_path: Path) -> None:
    (tmp_path / "s-1").mkdir()
    head = {"sessionId": "child", "kind": "subagent", "directories": ["/home/me/shop"]}
    execution = only(document(tmp_path / "s-1" / "child.json", user(1), gemini(2, call("c")), **head))
    assert (execution.parent_execution_id, execution.agent_id) == ("gm:s-1", "shop")


def test_real_chats(fixtures: Path) -> None:
    folder = fixtures / "gemini-cli"
    runs = {execution.execution_id: execution for execution in run(ADAPTER, *sorted(folder.glob("*.json"))).executions}
    long = runs["gm:981c87cb-90ef-4c7f-948d-23173ff43e4e"]
    assert [decision.outcome for decision in long.decisions] == [
        "ok", "ok", "skipped", "failed", "ok", "ok", "ok", "failed", "failed", "ok", "ok", "ok", "ok",
    ]  # fmt: skip
    assert [decision.turn for decision in long.decisions] == [0, 0, 1, *[2] * 10]
    assert (long.status, long.model) == ("completed", "gemini-2.5-pro")
    lost = runs["gm:a63242d9-4431-4eee-926d-beb795e7989d"]
    assert (lost.status, lost.decisions[0].outcome, lost.agent_id) == ("unknown", "failed", "")


def test_every_decision_points_at_the_message_that_holds_it(fixtures: Path) -> None:
    path = fixtures / "gemini-cli" / "session-2025-10-27T19-55-981c87cb.json"
    data = path.read_bytes()
    decisions = only(path).decisions
    assert len(decisions) == 13
    for decision in decisions:
        message = codec.decode(data[decision.offset : decision.offset + decision.length])
        assert decision.native_id in [made["id"] for made in message["toolCalls"]]
