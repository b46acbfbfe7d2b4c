"""How steps go, how runs end, which run it is and who judged it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.swe_agent import ADAPTER
from tests.adapters.reading import sniff, source_of

from .trajectories import decided, only, raw_of, read, step, trajectory, write


@pytest.mark.parametrize(
    ("observation", "outcome"),
    [
        ("a.py\nb.py", "ok"),
        ("", "ok"),
        (None, "unknown"),
        (["x"], "ok"),
        (5, "unknown"),
        ("\nEXECUTION TIMED OUT", "timeout"),
        ("The command 'make' was cancelled because it took more than 30 seconds.", "timeout"),
        ("Your proposed edit has introduced new syntax error(s). Please read this error message", "failed"),
        ("Wrong flag!", "failed"),
        ("Traceback (most recent call last):\n  File", "failed"),
        ("/bin/bash: line 1: foo: command not found", "failed"),
        ("strings: 'a.img': No such file", "failed"),
        ("cat: a: No such file or directory\n", "failed"),
        ("No replacement was performed, old_str `x` did not appear verbatim in /a.py.", "failed"),
        ("app.py: error handling: see Traceback (most recent call last)", "ok"),
        ("File updated. Please review the changes: value not found", "ok"),
        ("grep: a: No such file or directory\nb.py:1: found", "ok"),
    ],
)
def test_what_was_observed_tells_how_a_step_went(tmp_path: Path, observation: Any, outcome: str) -> None:
    decision = decided(tmp_path, observation=observation)
    assert decision.outcome == outcome
    assert (decision.error is not None) == (outcome in ("failed", "timeout"))


@pytest.mark.parametrize(
    ("action", "tool", "name", "role"),
    [
        ("cd src && python run.py", "cd", "exec:python", "shell"),
        ("open src/fields.py 12\n", "open", "read:src", "read"),
        ("create reproduce.py", "create", "write:py", "write"),
        ("edit 1:1\nimport os\nend_of_edit", "edit", "edit", "edit"),
        ("str_replace_editor view /repo/src/a.py", "str_replace_editor", "read:src", "read"),
        ("str_replace_editor create /repo/src/a.py --file_text 'x'", "str_replace_editor", "write:src", "write"),
        ("str_replace_editor view 'unbalanced", "str_replace_editor", "read", "read"),
        ('search_dir "x" src', "search_dir", "search:grep", "search"),
        ("goto 12", "goto", "goto", "read"),
        ("submit 'flag{x}'", "submit", "submit", "other"),
    ],
)
def test_actions_are_named_for_what_they_do(tmp_path: Path, action: str, tool: str, name: str, role: str) -> None:
    decision = decided(tmp_path, action)
    assert (decision.tool, decision.role) == (tool, role)
    assert decision.action.startswith(name)
    assert decision.arguments == {"command": action}


def test_an_answer_without_a_command_is_a_format_error(tmp_path: Path) -> None:
    decision = decided(tmp_path, "", "Your output was not formatted correctly.")
    assert (decision.tool, decision.action, decision.kind) == ("", "format_error", "failure")
    assert (decision.outcome, decision.error) == ("failed", "Your output was not formatted correctly.")


def test_the_end_a_limit_put_to_the_run_is_no_format_error(tmp_path: Path) -> None:
    decision = decided(tmp_path, "", "Exited (autosubmitted)", thought="Exit due to cost limit", response="")
    assert (decision.action, decision.outcome, decision.error) == ("stopped", "skipped", None)


@pytest.mark.parametrize(
    ("exit_status", "status", "error"),
    [
        ("submitted", "completed", None),
        ("submitted (exit_cost)", "failed", "submitted (exit_cost)"),
        ("exit_context", "failed", "exit_context"),
        ("exit_format", "failed", "exit_format"),
        ("early_exit", "unknown", None),
        ("", "unknown", None),
        (None, "unknown", None),
        (5, "unknown", None),
    ],
)
def test_how_a_run_ended(tmp_path: Path, exit_status: Any, status: str, error: str | None) -> None:
    execution = only(tmp_path, step("submit"), exit_status=exit_status)
    assert (execution.status, execution.error, execution.success) == (status, error, None)


@pytest.mark.parametrize(
    ("stats", "used"),
    [
        (
            {"instance_cost": 0.5, "tokens_sent": 10, "tokens_received": 2, "api_calls": 1, "total_cost": 9},
            (10, 2, 0.5),
        ),
        ({"instance_cost": 0, "tokens_sent": 10, "tokens_received": 2}, (10, 2, 0.0)),
        ({"instance_cost": 0, "tokens_sent": 0, "tokens_received": 0, "api_calls": 11}, (None, None, None)),
        ({"instance_cost": "x", "tokens_sent": -1, "tokens_received": None}, (None, None, None)),
        ([], (None, None, None)),
    ],
)
def test_what_a_run_used(tmp_path: Path, stats: Any, used: tuple[Any, ...]) -> None:
    execution = only(tmp_path, step(), info={"exit_status": "submitted", "model_stats": stats})
    assert (execution.tokens_in, execution.tokens_out, execution.cost_usd) == used


def test_times_are_those_of_the_steps(tmp_path: Path) -> None:
    steps = [step(execution_time=1.5), step(), step(execution_time=-1), step(execution_time="2")]
    assert [d.duration_ms for d in only(tmp_path, *steps).decisions] == [1500.0, None, None, None]


@pytest.mark.parametrize("place", ["report.json", "../logs/task-1/report.json"])
@pytest.mark.parametrize("resolved", [True, False])
def test_a_report_beside_the_trajectory_tells_success(tmp_path: Path, place: str, resolved: bool) -> None:
    report = write(tmp_path / "trajs" / place, {"task-1": {"resolved": resolved, "tests_status": {}}})
    execution = only(tmp_path / "trajs", step("submit"))
    assert (execution.success, execution.success_from) == (resolved, "evaluation")
    match = sniff(ADAPTER, report)
    assert match is not None
    assert match.use == "companion"


@pytest.mark.parametrize(
    "report", [{"other": {"resolved": True}}, {"task-1": {"resolved": "yes"}}, {"task-1": True}, [], "not json"]
)
def test_a_report_of_something_else_tells_nothing(tmp_path: Path, report: Any) -> None:
    write(tmp_path / "report.json", report)
    assert only(tmp_path, step("submit")).success is None


def test_a_broken_report_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(b'{"task-1": {"resolved": tr')
    assert only(tmp_path, step("submit")).success is None


def test_reports_are_watched_as_companions(tmp_path: Path) -> None:
    path = write(tmp_path / "task-1.traj", trajectory(step()))
    assert ADAPTER.companions(source_of(ADAPTER, path)) == ["report.json", "../logs/task-1/report.json"]


@pytest.mark.parametrize(
    ("agent", "folder", "named"),
    [
        ({"name": "main", "model": {"name": "gpt-4o"}}, "x", ("gpt-4o", "gpt-4o")),
        ({"name": "task-1", "model": {"name": "gpt-4o"}}, "x", ("gpt-4o", "gpt-4o")),
        ({"name": "careful", "model": {"name": "gpt-4o"}}, "x", ("careful", "gpt-4o")),
        ({}, "gpt4__swe-bench__default__t-0.00__p-0.95__c-3.00__install-1", ("gpt4", "gpt4")),
        ({}, "ctf", ("", None)),
        (5, "ctf", ("", None)),
    ],
)
def test_the_agent_is_named_by_its_configuration_or_its_model(
    tmp_path: Path, agent: Any, folder: str, named: tuple[str, str | None]
) -> None:
    execution = only(tmp_path / folder, step(), replay_config={"agent": agent})
    assert (execution.agent_id, execution.model) == named


def test_a_configuration_may_be_written_as_text(tmp_path: Path) -> None:
    config = '{"agent": {"model": {"name": "m"}}, "problem_statement": {"id": "repo-7", "text": "fix it"}}'
    execution = only(tmp_path, step(), replay_config=config)
    assert (execution.model, execution.task_id, execution.task_text) == ("m", "swe:repo-7", "fix it")
    assert only(tmp_path, step(), replay_config="{").task_id == "swe:task-1"


def test_a_copy_is_the_same_run_and_another_run_is_not(fixtures: Path, tmp_path: Path) -> None:
    (path,) = (path for path in (fixtures / "swe-agent").rglob("6e44b9*.traj"))
    copy = tmp_path / "renamed.traj"
    shutil.copyfile(path, copy)
    other = raw_of(path)
    other["trajectory"][0]["execution_time"] += 0.001
    first, second, third = read(path, copy, write(tmp_path / "other.traj", other)).executions
    assert first.execution_id == second.execution_id != third.execution_id


def test_the_prompts_of_the_steps_are_not_read(tmp_path: Path) -> None:
    plain, full = tmp_path / "a", tmp_path / "b"
    steps = [step(), step("submit")]
    with_prompts = [raw | {"query": [{"role": "user", "content": "x" * 1000}]} for raw in steps]
    assert only(plain, *steps).execution_id == only(full, *with_prompts).execution_id


def test_both_submissions_of_a_run_that_was_asked_to_confirm_are_decisions(tmp_path: Path) -> None:
    execution = only(tmp_path, step("submit", "Please confirm"), step("submit", "diff --git"))
    assert [d.tool for d in execution.decisions] == ["submit", "submit"]


def test_a_history_without_trajectory_leaves_demonstrations_and_last_results_out(tmp_path: Path) -> None:
    def said(role: str, content: str, **fields: Any) -> dict[str, Any]:
        return {"role": role, "content": content, "agent": "main", "message_type": "x", **fields}

    history = [
        said("user", "look at this", is_demo=True),
        said("assistant", "demo", action="ls", is_demo=True),
        said("user", "fix it"),
        said("assistant", "I look", action="ls", thought="I look"),
        said("user", "a.py"),
        said("assistant", "done"),
        said("assistant", "I submit", action="submit"),
    ]
    out = read(write(tmp_path / "demo.traj", {"history": history}))
    (execution,) = out.executions
    assert execution.task_text == "fix it"
    assert [(d.tool, d.output, d.outcome) for d in execution.decisions] == [
        ("ls", "a.py", "ok"),
        ("submit", None, "unknown"),
    ]
