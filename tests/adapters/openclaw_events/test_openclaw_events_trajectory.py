"""Trajectory events: what counts, what repeats, what was cut off, and who steps back for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soma.adapters.openclaw import ADAPTER as OPENCLAW
from soma.adapters.openclaw_events import ADAPTER
from tests.adapters.openclaw.sessions import Script, call
from tests.adapters.reading import run, sniff

from .events import Runtime, one, outcomes, visible

CUT = {"truncated": True, "reason": "trajectory-event-size-limit", "originalBytes": 300_000}


def result(text: str = "done", **details: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "details": details}


def messages(*said: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"timestamp": 1_777_975_200_000 + number, **message} for number, message in enumerate(said)]


def asks(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answers(*blocks: dict[str, Any], stop: str = "stop") -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks), "provider": "p", "model": "m", "stopReason": stop,
            "usage": {"input": 10, "output": 2, "cost": {"total": 0.5}}}  # fmt: skip


def comes_back(call_id: str, text: str = "done", **more: Any) -> dict[str, Any]:
    return {"role": "toolResult", "toolCallId": call_id, "toolName": "exec", "isError": False,
            "content": [{"type": "text", "text": text}], **more}  # fmt: skip


def test_the_shipped_fixtures(fixtures: Path) -> None:
    folder = fixtures / "openclaw-events"
    assert outcomes(one(folder / "export" / "events.jsonl")) == ["exec:failed", "read:failed", "exec:failed"]
    assert outcomes(one(folder / "export-nested" / "events.jsonl")) == ["tool_search:ok", "sessions_spawn:ok"]
    assert outcomes(one(folder / "sidecar" / "s-broken.trajectory.jsonl")) == [
        "exec:failed",
        "read:failed",
        "exec:failed",
    ]
    outage = one(folder / "sidecar" / "s-outage.trajectory.jsonl")
    assert (outage.status, outage.error) == ("failed", "500 upstream overloaded")


def test_the_documents_of_an_export_are_not_read_again(fixtures: Path) -> None:
    folder = fixtures / "openclaw-events" / "export"
    uses = {path.name: match.use for path in folder.iterdir() if (match := sniff(ADAPTER, path)) is not None}
    assert uses == {
        "events.jsonl": "read", "artifacts.json": "companion", "manifest.json": "companion",
        "prompts.json": "companion", "session-branch.json": "copy",
    }  # fmt: skip


def test_events_step_back_where_the_transcript_is_known_and_only_there(fixtures: Path) -> None:
    events = run(ADAPTER, fixtures / "openclaw-events" / "sidecar" / "s-broken.trajectory.jsonl").executions
    sessions = fixtures / "openclaw" / "run-2026.4.26" / "agents" / "main" / "sessions"
    transcript = run(OPENCLAW, sessions / "s-broken.jsonl").executions
    other = run(OPENCLAW, sessions / "s-edit.jsonl").executions
    alone = visible([(ADAPTER, events)])
    assert alone == ({"oc:events:s-broken"}, 3)
    assert visible([(ADAPTER, events), (OPENCLAW, transcript)]) == ({"oc:s-broken"}, 3)
    assert visible([(OPENCLAW, other), (ADAPTER, events)]) == ({"oc:s-edit", "oc:events:s-broken"}, 6)


def test_a_sidecar_and_an_export_of_one_session_are_one_execution(fixtures: Path, tmp_path: Path) -> None:
    sidecar = (
        Runtime("s9-broken").add("session.started").add("prompt.submitted", prompt="x").write(tmp_path / "a.jsonl")
    )
    out = run(ADAPTER, sidecar, fixtures / "openclaw-events" / "export" / "events.jsonl")
    assert {draft.execution_id for draft in out.executions} == {"oc:events:s9-broken"}
    assert {claim for draft in out.executions for claim in draft.claims} == {"oc:events:s9-broken"}


def test_a_snapshot_that_repeats_earlier_runs_counts_them_once(tmp_path: Path) -> None:
    first = messages(asks("one"), answers(call("a"), stop="toolUse"), comes_back("a"), answers())
    # The second prompt stands before its own run; the first is told again with another time.
    again = [
        {**first[0], "timestamp": 1},
        *first[1:],
        *messages(*[asks("")] * 10, asks("two"), answers(call("b")))[10:],
    ]
    runtime = Runtime().add("prompt.submitted", prompt="one").add("model.completed", messagesSnapshot=first)
    runtime.add("prompt.submitted", prompt="two").add("model.completed", messagesSnapshot=again)
    draft = one(runtime.write(tmp_path / "s.trajectory.jsonl"))
    assert [(decision.native_id, decision.turn) for decision in draft.decisions] == [("a", 0), ("b", 1)]
    assert (draft.tokens_in, draft.task_text) == (30, "one")


def test_the_runtime_tells_when_a_call_began_and_the_messages_how_it_ended(tmp_path: Path) -> None:
    said = messages(asks("go"), answers(call("call_1")), comes_back("call1", details={"exitCode": 2}))
    runtime = Runtime().add("prompt.submitted", prompt="go")
    runtime.add("tool.call", toolCallId="call_1", name="exec", args={}).add(
        "tool.result", toolCallId="call_1", name="exec", success=True, result=result()
    )
    # Ids of stored messages may have lost their signs.
    said[1]["content"][0]["id"] = "call1"
    (decision,) = one(runtime.add("model.completed", messagesSnapshot=said).write(tmp_path / "s.jsonl")).decisions
    assert (decision.outcome, decision.duration_ms) == ("failed", 1000.0)
    assert decision.started_at == 1_777_975_201_000_000


def test_calls_whose_messages_were_too_large_are_known_from_the_runtime(tmp_path: Path) -> None:
    runtime = Runtime().add("session.started").add("prompt.submitted", **CUT)
    for name, told in (
        ("ok", {"success": True, "result": result(exitCode=0)}),
        ("lied", {"success": True, "result": result(exitCode=1)}),
        ("threw", {"success": False, "result": result("no such file")}),
        ("cut", {"success": True, "result": CUT}),
        ("late", {"success": True, "result": result(status="timeout")}),
    ):
        runtime.add("tool.call", toolCallId=name, name="exec", args={"command": name})
        runtime.add("tool.result", toolCallId=name, name="exec", **told)
    runtime.add("tool.call", toolCallId="lost", name="exec", args={}).add("tool.call", toolCallId="lost", name="exec")
    runtime.add("model.completed", **CUT).add(
        "trace.artifacts", finalStatus="success", assistantTexts=["Done."], usage={"input": 7, "output": 3}
    )
    draft = one(runtime.add("session.ended", status="success").write(tmp_path / "s.jsonl"))
    assert {decision.native_id: decision.outcome for decision in draft.decisions} == {
        "ok": "ok", "lied": "failed", "threw": "failed", "cut": "unknown", "late": "timeout", "lost": "unknown",
    }  # fmt: skip
    assert (draft.status, draft.tokens_in, draft.tokens_out, draft.task_text) == ("completed", 7, 3, None)
    assert all(decision.started_at for decision in draft.decisions)


def test_a_run_that_said_nothing_before_it_died(tmp_path: Path) -> None:
    runtime = Runtime().add("session.started").add("prompt.submitted", prompt="do it")
    draft = one(runtime.write(tmp_path / "s.jsonl"))
    assert (draft.status, draft.task_text, draft.decisions, draft.success) == ("unknown", "do it", [], None)
    draft = one(Runtime().add("session.ended", status="error", promptError="refused").write(tmp_path / "t.jsonl"))
    assert (draft.status, draft.error) == ("failed", "refused")


def test_a_nested_call_is_the_one_its_wrapper_stands_for(tmp_path: Path) -> None:
    given = {"name": "read", "arguments": {"path": "a"}}
    runtime = Runtime().add("tool.call", toolCallId="call_1", name="tool_call", args=given)
    runtime.add("tool.call", toolCallId="tool_search_code:call_1:read:1", name="read", args=given["arguments"])
    runtime.add("tool.call", toolCallId="tool_search_code:call_1:exec:2", name="exec", args={})
    draft = one(runtime.write(tmp_path / "s.jsonl"))
    assert [(decision.tool, decision.arguments) for decision in draft.decisions] == [
        ("read", {"path": "a"}),
        ("exec", {}),
    ]


def test_several_sessions_in_one_file_and_events_of_none(tmp_path: Path) -> None:
    events = [*Runtime("a").add("session.started").events, *Runtime("b").add("session.started").events]
    events.append({**events[0], "sessionId": 3})
    runtime = Runtime()
    runtime.events = events
    path = runtime.write(tmp_path / "s.jsonl")
    path.write_text(path.read_text() + '{"traceSchema": "openclaw-traj')
    out = run(ADAPTER, path)
    assert set(out.by_id()) == {"oc:events:a", "oc:events:b"}
    assert [damage.reason for damage in out.damage] == ["a trajectory event without a session id"]
    assert out.sources[0].bytes_read < path.stat().st_size


def test_transcripts_are_left_to_their_own_adapter(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.answer(call("a"))
    assert sniff(ADAPTER, script.write(tmp_path / "s.jsonl")) is None
