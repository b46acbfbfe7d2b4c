"""How calls ended, what they cost, why they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.adapters.claude_code import ADAPTER
from soma.model import DecisionDraft, ExecutionDraft
from tests.adapters.reading import run

from .talk import Talk, write


def only(path: Path) -> ExecutionDraft:
    (execution,) = run(ADAPTER, path).executions
    return execution


def concluded(tmp_path: Path, **result: Any) -> DecisionDraft:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_1")
    talk.result("toolu_1", **result)
    (decision,) = only(write(tmp_path / "s.jsonl", talk.lines)).decisions
    return decision


BASH = {"stdout": "", "stderr": "", "interrupted": False}


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({}, "ok"),
        ({"error": False}, "ok"),
        ({"error": True, "text": "File does not exist."}, "failed"),
        ({"error": True, "text": "Command timed out after 2m 0.0s"}, "timeout"),
        ({"error": True, "text": "Exit code 143\nCommand timed out after 2m 0.0s"}, "timeout"),
        ({"error": True, "text": "The user doesn't want to proceed with this tool use. It was rejected"}, "skipped"),
        ({"error": True, "text": "[Request interrupted by user for tool use]"}, "skipped"),
        ({"error": True, "text": "<tool_use_error>Sibling tool call errored</tool_use_error>"}, "skipped"),
        ({"error": True, "text": "Permission to use Bash with command rm has been denied."}, "skipped"),
        ({"text": "a file that says: The user doesn't want to proceed"}, "ok"),
        ({"text": "log: Command timed out after 3 s"}, "ok"),
        ({"structured": {**BASH, "interrupted": True}}, "skipped"),
        ({"structured": {"wasInterrupted": True}}, "skipped"),
        ({"structured": {**BASH, "exitCode": 2}}, "failed"),
        ({"structured": {**BASH, "exitCode": 0}}, "ok"),
        ({"structured": {**BASH, "exitCode": 1, "returnCodeInterpretation": "No matches found"}}, "ok"),
        ({"structured": {"bytes": 9, "code": 200, "codeText": "OK"}}, "ok"),
        ({"structured": "Error: no such file"}, "failed"),
        ({"structured": "Error: quoted", "error": False}, "ok"),
        ({"structured": 7, "error": "true"}, "ok"),
    ],
)
def test_outcome(tmp_path: Path, result: dict[str, Any], outcome: str) -> None:
    decision = concluded(tmp_path, **result)
    assert decision.outcome == outcome
    assert decision.error == (None if outcome == "ok" else decision.output)


@pytest.mark.parametrize(
    ("structured", "milliseconds"),
    [
        ({"durationMs": 12}, 12.0),
        ({"durationSeconds": 1.5}, 1500.0),
        ({"totalDurationMs": 90}, 90.0),
        ({"durationMs": -4}, 1000.0),
        ({"durationMs": "12"}, 1000.0),
        (None, 1000.0),
    ],
)
def test_duration_is_the_tools_own_or_between_the_two_lines(
    tmp_path: Path, structured: Any, milliseconds: float
) -> None:
    assert concluded(tmp_path, structured=structured).duration_ms == milliseconds


def test_a_clock_that_went_back_gives_no_duration(tmp_path: Path) -> None:
    talk = Talk()
    talk.call("toolu_1")
    talk.result("toolu_1", timestamp="2026-03-01T09:00:00.000Z")
    assert only(write(tmp_path / "s.jsonl", talk.lines)).decisions[0].duration_ms is None


def test_results_come_in_any_order_and_images_are_named(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_1", message="m")
    talk.call("toolu_2", "Read", message="m")
    talk.call("toolu_3", "Read", message="m", stop="tool_use")
    talk.result("toolu_3", [{"type": "text", "text": "three"}, {"type": "image", "source": {"data": "AAAA"}}])
    talk.result("toolu_1", "one")
    first, second, third = only(write(tmp_path / "s.jsonl", talk.lines)).decisions
    assert (first.output, first.outcome) == ("one", "ok")
    assert (second.output, second.outcome, second.duration_ms) == (None, "unknown", None)
    assert (third.output, third.outcome) == ("three\n[image]", "ok")


def test_a_call_that_was_interrupted_is_skipped(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt("first")
    talk.call("toolu_lost")
    talk.prompt("second")
    talk.call("toolu_1", message="m")
    talk.call("toolu_2", message="m")
    talk.result("toolu_1")
    talk.prompt("[Request interrupted by user for tool use]")
    execution = only(write(tmp_path / "s.jsonl", talk.lines))
    assert [decision.outcome for decision in execution.decisions] == ["unknown", "ok", "skipped"]
    assert [decision.turn for decision in execution.decisions] == [0, 1, 1]
    assert (execution.status, execution.labels["ended"]) == ("unknown", "interrupted")


def test_a_result_without_its_call_is_a_decision_of_an_unknown_tool(tmp_path: Path) -> None:
    talk = Talk()
    talk.result("toolu_gone", "no", error=True)
    (decision,) = only(write(tmp_path / "s.jsonl", talk.lines)).decisions
    assert (decision.tool, decision.outcome, decision.native_id) == ("unknown", "failed", "toolu_gone")
    assert (decision.started_at, decision.duration_ms) == (None, None)


def test_a_message_of_several_lines_counts_once_and_its_last_line_wins(tmp_path: Path) -> None:
    def usage(output: int) -> dict[str, int]:
        return {
            "input_tokens": 10,
            "output_tokens": output,
            "cache_read_input_tokens": 7,
            "cache_creation_input_tokens": 3,
        }

    talk = Talk()
    talk.prompt()
    talk.answer("I look at both", message="m", stop=None, usage=usage(1))
    talk.call("toolu_1", message="m", usage=usage(1))
    talk.call("toolu_2", message="m", stop="tool_use", usage=usage(40))
    talk.result("toolu_1")
    talk.result("toolu_2")
    talk.answer("done", usage=usage(5))
    execution = only(write(tmp_path / "s.jsonl", talk.lines))
    assert (execution.tokens_in, execution.tokens_out) == (20, 45)
    assert (execution.tokens_cache_read, execution.tokens_cache_write) == (14, 6)
    assert [(decision.tokens_in, decision.tokens_out) for decision in execution.decisions] == [(10, 40), (None, None)]
    assert execution.cost_usd is None
    assert {decision.reasoning for decision in execution.decisions} == {"I look at both"}


def test_the_cost_of_old_lines_is_summed_by_message(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.call("toolu_1", costUSD=0.25)
    talk.answer(costUSD=0.5)
    execution = only(write(tmp_path / "s.jsonl", talk.lines))
    assert (execution.cost_usd, execution.decisions[0].cost_usd) == (0.75, 0.25)


def test_without_usage_tokens_are_unknown_not_zero(fixtures: Path) -> None:
    execution = only(fixtures / "claude-code" / "loglines.json")
    assert len(execution.decisions) == 12
    assert (execution.tokens_in, execution.tokens_out, execution.cost_usd) == (None, None, None)


def test_thinking_is_the_reason_before_text(fixtures: Path) -> None:
    (decision,) = only(fixtures / "claude-code" / "thinking.jsonl").decisions
    assert decision.reasoning == "The user wants me to read the README file. I should use the Read tool."


def test_how_a_run_ended(tmp_path: Path) -> None:
    talk = Talk()
    talk.prompt()
    talk.answer()
    assert only(write(tmp_path / "a.jsonl", talk.lines)).status == "completed"
    talk.prompt("and now?")
    assert only(write(tmp_path / "b.jsonl", talk.lines)).status == "unknown"
    talk.answer("API Error: 529 overloaded", stop="stop_sequence", isApiErrorMessage=True)
    failed = only(write(tmp_path / "c.jsonl", talk.lines))
    assert (failed.status, failed.error, failed.success) == ("failed", "API Error: 529 overloaded", None)
    talk.call("toolu_1")
    pending = only(write(tmp_path / "d.jsonl", talk.lines))
    assert (pending.status, pending.error) == ("unknown", None)
    talk.answer("leaving it")
    assert only(write(tmp_path / "e.jsonl", talk.lines)).status == "unknown"


def test_real_failures(fixtures: Path) -> None:
    execution = only(fixtures / "claude-code" / "failures.jsonl")
    assert [decision.tool for decision in execution.decisions if decision.outcome == "failed"] == ["Bash", "Read"]
    assert execution.decisions[2].error == "/bin/bash: line 1: nvcc: command not found"
    # A search that found nothing exits with 1 and is no failure: returnCodeInterpretation says so.
    assert execution.decisions[7].outcome == "ok"


def test_real_rejection(fixtures: Path) -> None:
    execution = only(fixtures / "claude-code" / "rejection.jsonl")
    assert [decision.outcome for decision in execution.decisions].count("skipped") == 1
    assert [decision.turn for decision in execution.decisions] == [0, 0, 1, 1, 1, 2, 2, 2, 2, 3]
    assert execution.agent_id == "agent-workflows-monorepo-v2"


def test_every_decision_points_at_the_bytes_that_hold_it(fixtures: Path) -> None:
    path = fixtures / "claude-code" / "interview.jsonl"
    data = path.read_bytes()
    execution = only(path)
    assert len(execution.decisions) == 3
    for decision in execution.decisions:
        record = data[decision.offset : decision.offset + decision.length]
        assert record.startswith(b"{") and record.endswith(b"}\n")
        assert f'"id":"{decision.native_id}"'.encode() in record
