"""Telemetry: pairing without ids, turns written twice, flags that say little, logs without times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soma.adapters.openclaw_events import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run, sniff

from .events import one, outcomes, write
from .test_openclaw_events_trajectory import answers, asks, comes_back, messages

KEY = "agent:main:main"
FIRST = {"type": "message.in", "channel": "telegram", "content": "hi", "timestamp": 1_777_975_200_000}


def event(kind: str, key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"type": kind, "sessionKey": key, "agentId": "main", **more}


def starts(tool: str, key: str = KEY, **more: Any) -> dict[str, Any]:
    return event("tool.start", key, toolName=tool, params=more.pop("params", {}), **more)


def ends(tool: str, lasted: float, key: str = KEY, success: Any = True, **more: Any) -> dict[str, Any]:
    return event("tool.end", key, toolName=tool, durationMs=lasted, success=success, **more)


def told(draft: ExecutionDraft) -> list[tuple[Any, float | None]]:
    return [(decision.arguments, decision.duration_ms) for decision in draft.decisions]


def test_the_shipped_fixtures(fixtures: Path) -> None:
    out = run(ADAPTER, *sorted((fixtures / "openclaw-events" / "telemetry").iterdir()))
    assert out.damage == []
    assert len(out.by_id()) == 7 and sum(len(draft.decisions) for draft in out.executions) == 15
    email = next(draft for draft in out.executions if draft.model and draft.decisions)
    (call,) = email.decisions
    # The messages at the turn's end hold the result, and with it the exit code, the tokens and the model.
    assert (call.outcome, call.output, call.duration_ms, call.tokens_in) == ("ok", "No results", 439.0, 3)
    assert (email.status, email.labels["trigger"]) == ("completed", "subagent")


def test_starts_meet_ends_of_the_same_session_and_tool_first_in_first_out(tmp_path: Path) -> None:
    other = "agent:main:subagent:x"
    log = [
        FIRST, starts("read", params={"n": 1}), starts("read", params={"n": 2}), starts("web", params={"n": 3}),
        starts("read", other, params={"n": 4}), ends("web", 30), ends("read", 10), ends("read", 40, other),
        ends("read", 20), starts("read", params={"n": 5}),
    ]  # fmt: skip
    mine, theirs = run(ADAPTER, write(tmp_path / "t.jsonl", log)).executions
    assert told(mine) == [({"n": 1}, 10.0), ({"n": 2}, 20.0), ({"n": 3}, 30.0), ({"n": 5}, None)]
    assert told(theirs) == [({"n": 4}, 40.0)]
    assert outcomes(mine)[-1] == "read:unknown"
    assert (mine.started_at, mine.ended_at, mine.agent_id) == (None, None, "main")


def test_success_of_a_shell_is_not_its_exit_code(tmp_path: Path) -> None:
    log = [starts("exec"), ends("exec", 1), starts("read"), ends("read", 1), starts("read"),
           ends("read", 1, success=False, error="gone"), starts("read"), ends("read", 1, success="yes")]  # fmt: skip
    draft = one(write(tmp_path / "t.jsonl", log))
    assert outcomes(draft) == ["exec:unknown", "read:ok", "read:failed", "read:unknown"]
    assert draft.decisions[2].error == "gone"


def test_an_end_whose_start_the_log_missed_is_a_call_all_the_same(tmp_path: Path) -> None:
    (decision,) = one(write(tmp_path / "t.jsonl", [ends("read", 5)])).decisions
    assert (decision.tool, decision.arguments, decision.outcome, decision.duration_ms) == ("read", None, "ok", 5.0)


def test_a_turn_is_written_twice_and_counts_once(tmp_path: Path) -> None:
    def turn(prompt: str) -> list[dict[str, Any]]:
        return [event("agent.start", prompt=prompt), event("agent.start", prompt=prompt, messages=[]), starts("read")]

    log = [*turn("go"), *turn("go"), *turn("[Inter-session message] sourceSession=x"), *turn("next")]
    draft = one(write(tmp_path / "t.jsonl", log))
    assert [decision.turn for decision in draft.decisions] == [0, 1, 1, 2]
    assert draft.task_text == "go"


def test_the_end_of_a_turn_tells_status_times_and_what_its_own_messages_cost(tmp_path: Path) -> None:
    call = {"type": "toolCall", "id": "a", "name": "exec", "arguments": {"command": "false"}}
    said = messages(asks("before"), answers(), asks("go"), answers(call, stop="toolUse"),
                    comes_back("a", "no", details={"exitCode": 1}), answers())  # fmt: skip
    log = [
        event("agent.start", prompt="go", ts=1_777_975_201_000),
        starts("exec", params={"command": "false"}, ts=1_777_975_202_000), ends("exec", 7, ts=1_777_975_203_000),
        event("agent.end", messages=said, success=True, durationMs=9000, ts=1_777_975_204_000),
    ]  # fmt: skip
    draft = one(write(tmp_path / "t.jsonl", log))
    (decision,) = draft.decisions
    assert (decision.outcome, decision.output, decision.native_id, decision.duration_ms) == ("failed", "no", "a", 7.0)
    assert (decision.tokens_in, draft.tokens_in, draft.cost_usd, draft.model) == (10, 20, 1.0, "m")
    assert draft.status == "completed"
    assert (draft.started_at, draft.ended_at) == (1_777_975_195_000_000, 1_777_975_204_000_000)
    log += [event("agent.start", prompt="more")]
    assert one(write(tmp_path / "t.jsonl", log)).status == "unknown"
    log += [event("agent.end", success=False, error="boom")]
    draft = one(write(tmp_path / "t.jsonl", log))
    assert (draft.status, draft.error) == ("failed", "boom")


def test_a_log_keeps_its_identity_while_it_grows_and_shares_it_with_no_other(tmp_path: Path) -> None:
    early = one(write(tmp_path / "a.jsonl", [FIRST, starts("read")])).execution_id
    grown = one(write(tmp_path / "b.jsonl", [FIRST, starts("read"), ends("read", 1)])).execution_id
    other = one(write(tmp_path / "c.jsonl", [{**FIRST, "timestamp": 1_777_975_999_000}, starts("read")])).execution_id
    assert early == grown != other


def test_what_is_recognised(tmp_path: Path) -> None:
    def claim(*log: Any) -> float | None:
        match = sniff(ADAPTER, write(tmp_path / "t.jsonl", log))
        return None if match is None else match.confidence

    assert claim(FIRST, starts("read")) == 1.0
    assert claim(FIRST, FIRST) == 0.5
    assert claim({"type": "tool.start", "name": "x"}, {"type": "tool.end"}) is None
    assert claim({"type": ["tool.start"], "sessionKey": "k"}, {"type": None}) is None
