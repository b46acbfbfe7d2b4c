"""How calls and runs end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .sessions import Script, call, one, outcomes, read_folder, thinking


@pytest.mark.parametrize(
    ("message", "outcome", "error"),
    [
        ({"isError": True}, "failed", "said"),
        ({"details": {"status": "error", "error": "no key"}}, "failed", "no key"),
        ({"details": {"status": "killed"}}, "failed", "said"),
        ({"details": {"status": "timeout"}}, "timeout", "said"),
        ({"isError": True, "details": {"timedOut": True}}, "timeout", "said"),
        ({"details": {"status": "completed", "exitCode": 2}}, "failed", "said"),
        ({"details": {"status": "completed", "exitCode": 0}}, "ok", None),
        ({"details": {"status": "running", "sessionId": "calm-reef"}}, "unknown", None),
        ({"details": {"status": "approval-pending"}}, "unknown", None),
        ({"details": {"status": "denied"}}, "skipped", None),
        ({"details": {"status": 7, "exitCode": "2"}}, "ok", None),
        ({"isError": False}, "ok", None),
        ({"isError": "false"}, "ok", None),
    ],
)
def test_flag_status_and_exit_code(tmp_path: Path, message: dict[str, Any], outcome: str, error: str | None) -> None:
    script = Script()
    script.user("go")
    script.answer(call("c1", command="make"))
    script.result("c1", "said", **message)
    (decision,) = one(script.write(tmp_path / "s1.jsonl")).decisions
    assert (decision.outcome, decision.error, decision.output) == (outcome, error, "said")


def test_exit_code_without_words_is_the_error(tmp_path: Path) -> None:
    script = Script()
    script.answer(call("c1", command="false"))
    script.result("c1", "", details={"exitCode": 3})
    assert one(script.write(tmp_path / "s1.jsonl")).decisions[0].error == "exit code 3"


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ({"status": "failed", "exitCode": 1}, "failed"),
        ({"status": "completed", "exitCode": 0}, "ok"),
        ({"status": "timeout"}, "timeout"),
        ({"status": "running"}, "unknown"),
    ],
)
def test_a_poll_tells_how_a_running_command_ended(tmp_path: Path, end: dict[str, Any], outcome: str) -> None:
    script = Script()
    script.answer(call("c1", command="make"))
    script.result("c1", "still running", details={"status": "running", "sessionId": "calm-reef"})
    script.answer(call("c2", "process", action="poll", sessionId="calm-reef"))
    script.result("c2", "tail", "process", details={"sessionId": "calm-reef", **end})
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert draft.decisions[0].outcome == outcome
    assert (draft.decisions[0].error == "tail") == (outcome in {"failed", "timeout"})
    assert draft.decisions[1].outcome == ("ok" if outcome == "unknown" else outcome)


def test_a_kill_that_was_done_did_not_fail(tmp_path: Path) -> None:
    script = Script()
    script.answer(call("c1", "process", action="kill", sessionId="calm-reef"))
    script.result("c1", "Termination requested for session calm-reef.", "process", details={"status": "failed"})
    script.answer(call("c2", "process", action="kill", sessionId="gone"))
    script.result("c2", "No active session found for gone", "process", details={"status": "failed"})
    assert outcomes(one(script.write(tmp_path / "s1.jsonl"))) == ["process:ok", "process:failed"]


@pytest.mark.parametrize(("stop", "outcome"), [("aborted", "skipped"), ("error", "skipped"), ("toolUse", "unknown")])
def test_calls_without_results(tmp_path: Path, stop: str, outcome: str) -> None:
    script = Script()
    script.user("go")
    script.answer(call("c1"), call("c2"), stopReason=stop)
    script.user("go on")
    script.answer("fine")
    assert {decision.outcome for decision in one(script.write(tmp_path / "s1.jsonl")).decisions} == {outcome}


def test_call_whose_request_was_aborted_later_is_skipped(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.answer(call("c1"))
    script.answer("", stopReason="aborted")
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert outcomes(draft) == ["exec:skipped"]
    assert (draft.status, draft.labels["stop_reason"]) == ("unknown", "aborted")


def test_result_written_to_repair_the_transcript_is_none(tmp_path: Path) -> None:
    script = Script()
    script.answer(call("c1"), call("c2"), call("c3"))
    script.result("c1", "aborted", isError=True, details={"openclawSyntheticMissingToolResult": True})
    script.result(
        "c2", "[openclaw] missing tool result in session history; inserted synthetic error result", isError=True
    )
    script.result("c3", "lost", isError=True, details={"openclawSyntheticMissingToolResult": True})
    script.result("c3", "real output")
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert outcomes(draft) == ["exec:unknown", "exec:unknown", "exec:ok"]
    assert draft.decisions[2].output == "real output"


def test_unknown_tools_are_failed_decisions_with_their_reasons(fixtures: Path) -> None:
    """OpenClaw keeps the result of a call it refused, but not the call."""
    draft = one(fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-unknown.jsonl")
    assert outcomes(draft) == ["no_such_tool:failed"] * 10
    assert {d.reasoning for d in draft.decisions} == {"Try a tool I remember."}
    assert {d.error for d in draft.decisions} == {"Tool no_such_tool not found"}
    assert {(d.arguments, d.tokens_out, d.turn) for d in draft.decisions} == {(None, 40, 0)}
    assert len({d.global_id for d in draft.decisions}) == 10


def test_reused_call_ids_pair_in_order(tmp_path: Path) -> None:
    script = Script()
    for text in ("first", "second"):
        script.answer(call("functions.exec:0", command=text))
        script.result("functions.exec:0", text)
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert [decision.output for decision in draft.decisions] == ["first", "second"]
    assert len({decision.global_id for decision in draft.decisions}) == 2


def test_reasoning_is_what_stands_before_the_call(tmp_path: Path) -> None:
    script = Script()
    script.answer(thinking("look first"), "Looking.", call("c1"), thinking("then read"), call("c2", "read"))
    script.answer("Writing now.", call("c3", "write"), "after")
    script.answer(call("c4", "write"))
    first, second, third, fourth = one(script.write(tmp_path / "s1.jsonl")).decisions
    assert (first.reasoning, second.reasoning) == ("look first", "look first\nthen read")
    assert (third.reasoning, fourth.reasoning) == ("Writing now.", None)


def test_tokens_and_cost_count_once(tmp_path: Path) -> None:
    script = Script()
    script.answer(call("c1"), call("c2"))
    script.answer(
        "failed", stopReason="error", errorMessage="500", usage={"input": 0, "output": 0, "cost": {"total": 0}}
    )
    script.answer("no price", usage={"input": 5, "output": 0, "cost": {"total": 0}})
    draft = one(script.write(tmp_path / "s1.jsonl"))
    first, second = draft.decisions
    assert (first.tokens_in, first.tokens_out, first.cost_usd) == (10, 2, 0.5)
    assert (second.tokens_in, second.tokens_out, second.cost_usd) == (None, None, None)
    assert (draft.tokens_in, draft.tokens_out, draft.tokens_cache_read, draft.cost_usd) == (15, 2, 3, 0.5)


def test_a_run_without_counted_tokens_knows_none(fixtures: Path) -> None:
    draft = one(fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-outage.jsonl")
    assert (draft.tokens_in, draft.tokens_out, draft.cost_usd) == (None, None, None)
    assert (draft.status, draft.error) == ("failed", "500 upstream overloaded")
    assert draft.labels["model_errors"] == "4"


def test_an_error_that_was_overcome_does_not_fail_the_run(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.answer("", stopReason="error", errorMessage="429")
    script.answer("done")
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert (draft.status, draft.error, draft.labels) == ("completed", None, {"model_errors": "1"})


def test_a_prompt_that_never_reached_the_model_fails_the_run(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.entry({"type": "custom", "customType": "openclaw:prompt-error", "data": {"error": "no route"}})
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert (draft.status, draft.error) == ("failed", "no route")


def test_a_copy_of_the_delivered_text_is_no_answer_of_the_model(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.answer("", stopReason="error", errorMessage="500")
    script.answer("Something went wrong.", provider="openclaw", model="delivery-mirror")
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert (draft.status, draft.model) == ("failed", "m")


def test_an_unanswered_request_leaves_the_status_open(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.answer("done")
    script.user("and now?")
    assert one(script.write(tmp_path / "s1.jsonl")).status == "unknown"


def test_success_is_never_claimed(fixtures: Path) -> None:
    assert {draft.success for draft in read_folder(fixtures / "openclaw").executions} == {None}


def test_durations_by_the_tools_clock_else_by_the_messages(tmp_path: Path) -> None:
    script = Script()
    script.answer(call("c1"), call("c2", "web_search"), call("c3", "read"), call("c4", "read"), call("c5"))
    script.result("c1", details={"durationMs": 22})
    script.result("c2", details={"tookMs": 7.5}, tool="web_search")
    script.result("c3", tool="read")
    script.result("c4", tool="read", timestamp=1_000_000_000_000)
    script.result("c5", details={"durationMs": -4})
    draft = one(script.write(tmp_path / "s1.jsonl"))
    # The script writes a result's message 0.4 s before its entry.
    assert [decision.duration_ms for decision in draft.decisions] == [22, 7.5, 2600, None, 4600]


def test_turns_models_and_compactions(tmp_path: Path) -> None:
    script = Script()
    script.entry({"type": "model_change", "provider": "p", "modelId": "first"})
    script.user("one")
    script.answer(call("c1"), model=None)
    script.message({"role": "bashExecution", "command": "ls", "output": "", "exitCode": 1})
    script.user("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>> a sub-agent is done")
    script.answer(call("c2"), model=None)
    script.entry({"type": "compaction", "summary": "s", "tokensBefore": 9})
    script.entry({"type": "model_change", "provider": "p", "modelId": "second"})
    script.user("two")
    script.answer(call("c3"), model=None)
    script.answer(call("c4"), model="third")
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert [decision.turn for decision in draft.decisions] == [0, 0, 1, 1]
    assert [decision.model for decision in draft.decisions] == ["first", "first", "second", "third"]
    assert (draft.labels["compactions"], draft.task_text, draft.model) == ("1", "one", "first")


def test_images_and_strings_become_text(tmp_path: Path) -> None:
    script = Script()
    script.message({"role": "user", "content": "plain"})
    script.answer(call("c1", "read"))
    script.result("c1", tool="read", content=[{"type": "text", "text": "a"}, {"type": "image", "data": "AAAA"}])
    draft = one(script.write(tmp_path / "s1.jsonl"))
    assert (draft.task_text, draft.decisions[0].output) == ("plain", "a\n[image]")


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("[Fri 2026-11-20 23:15 UTC] value the stock", "value the stock"),
        ("[cron:j1 stock check] value the stock\nCurrent time: Friday\n\nunattended", "value the stock"),
        ("[Bootstrap pending]\nPlease read.\nDo it.\n\nvalue the stock", "value the stock"),
        ("[Subagent Context] run it.\n\n[Subagent Task]\n\nvalue the stock\n\nBegin. Execute.", "value the stock"),
        ("[2] value the stock", "[2] value the stock"),
        ("", None),
    ],
)
def test_envelopes_are_taken_off_the_task(tmp_path: Path, text: str, task: str | None) -> None:
    script = Script()
    script.user(text)
    script.answer("done")
    assert one(script.write(tmp_path / "s1.jsonl")).task_text == task


def test_header_v1_reads_in_file_order(fixtures: Path) -> None:
    """A real pi v1 session: no ids, errors and aborts in the middle, sixteen calls that were never made."""
    draft = one(fixtures / "openclaw/pi-v1/large-session.jsonl")
    assert draft.execution_id == "oc:d703a1a9-1b7b-4fb1-b512-c9738b1fe617"
    skipped = [decision for decision in draft.decisions if decision.outcome == "skipped"]
    assert len(skipped) == 16
    assert len({decision.offset for decision in skipped}) == 1
    assert {decision.model for decision in draft.decisions} == {"claude-sonnet-4-5"}
    starts = [decision.started_at or 0 for decision in draft.decisions]
    assert starts == sorted(starts)
