"""The real files against independent counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.registry import adapters, recognise
from soma.adapters.swe_agent import ADAPTER
from tests.adapters.reading import head_of, sniff

from .trajectories import raw_of, read


def path_of(corpus: Path, name: str) -> Path:
    """The file an expectation is of: its name is the end of the path."""
    (path,) = (path for path in (corpus / "swe-agent").rglob("*.traj") if path.as_posix().endswith(name))
    return path


def asked_in(history: list[dict[str, Any]]) -> Counter[str]:
    """First words of what a history that stands alone was asked to run."""
    return Counter(message["action"].split()[0] for message in history if message["role"] == "assistant")


@pytest.mark.corpus
def test_every_number_that_was_counted_independently(corpus: Path) -> None:
    entries = json.loads((corpus / "EXPECTED.json").read_text())["swe-agent"]
    assert len(entries) == len(list((corpus / "swe-agent").rglob("*.traj")))
    for expected in entries:
        path = path_of(corpus, expected["file"])
        raw, out = raw_of(path), read(path)
        (execution,) = out.executions
        assert out.damage == []
        decisions = execution.decisions
        if expected["steps"]:
            # The count of commands is that of the eight most frequent ones.
            counted = Counter(d.tool for d in decisions if d.tool)
            assert {tool: counted[tool] for tool in expected["commands"]} == expected["commands"]
            assert len(decisions) == expected["steps"]
        else:
            # A demonstration of which there is a history only: its steps are in the messages.
            assert expected["commands"] == {}
            assert Counter(d.tool for d in decisions) == asked_in(raw["history"])
            assert execution.labels["form"] == "history"
        assert sum(d.action == "format_error" for d in decisions) == expected["empty_actions"]
        assert execution.labels.get("exit_status") == expected["exit_status"]
        assert execution.status == ("completed" if expected["exit_status"] == "submitted" else "unknown")
        assert execution.success is expected["resolved"]
        stats = expected["model_stats"] or {}
        # Zeros of replays and of people at the keyboard stand for what nobody measured.
        assert execution.tokens_in == (stats.get("tokens_sent") or None)
        assert execution.tokens_out == (stats.get("tokens_received") or None)
        assert execution.cost_usd == (stats.get("instance_cost") or None)
        seconds = sum(d.duration_ms or 0 for d in decisions) / 1000
        assert round(seconds, 1) == expected["seconds"]


@pytest.mark.corpus
def test_every_real_trajectory_is_a_run_of_its_own(corpus: Path) -> None:
    paths = sorted((corpus / "swe-agent").rglob("*.traj"))
    assert len(read(*paths).by_id()) == len(paths)


@pytest.mark.corpus
def test_no_other_adapter_is_surer(corpus: Path) -> None:
    others = [adapter for adapter in adapters() if adapter.name != ADAPTER.name]
    for path in sorted((corpus / "swe-agent").rglob("*.traj")):
        found = recognise(head_of(path), [*others, ADAPTER])
        assert found is not None
        assert (found[0], found[1].confidence) == (ADAPTER, 1.0)


@pytest.mark.corpus
def test_what_the_tools_refused_is_a_failure(corpus: Path) -> None:
    """Words of the tools that are in the files, searched for without soma."""
    refusals = (
        "Your proposed edit has introduced new syntax error",
        "Wrong flag!",
        "Traceback (most recent call last)",
    )
    for path in sorted((corpus / "swe-agent").rglob("*.traj")):
        steps = raw_of(path).get("trajectory") or []
        (execution,) = read(path).executions
        for raw, decision in zip(steps, execution.decisions if steps else [], strict=True):
            if raw["observation"].startswith(refusals):
                assert decision.outcome == "failed"
                assert decision.error
            elif raw["observation"].strip() == "EXECUTION TIMED OUT":
                assert decision.outcome == "timeout"


def shipped(fixtures: Path) -> list[Path]:
    return sorted((fixtures / "swe-agent").rglob("*.traj"))


def test_every_step_is_a_decision_at_its_bytes(fixtures: Path) -> None:
    found = 0
    for path in shipped(fixtures):
        raw, data = raw_of(path), path.read_bytes()
        (execution,) = read(path).executions
        for step, decision in zip(raw.get("trajectory") or [], execution.decisions, strict="trajectory" in raw):
            assert json.loads(data[decision.offset : decision.offset + decision.length]) == step
            assert decision.tool == step["action"].split()[0]
            assert decision.arguments == {"command": step["action"]}
            assert decision.reasoning == step["thought"]
            found += 1
    assert found == sum(len(raw_of(path).get("trajectory") or []) for path in shipped(fixtures)) > 30


def test_a_run_with_its_configuration(fixtures: Path) -> None:
    (path,) = (path for path in shipped(fixtures) if path.name.startswith("6e44b9"))
    (execution,) = read(path).executions
    assert (execution.agent_id, execution.model) == ("gpt-4o", "gpt-4o")
    assert execution.task_id == "swe:SWE-agent__test-repo-i1"
    assert (execution.status, execution.success, execution.success_from) == ("completed", None, None)
    assert (execution.tokens_in, execution.tokens_out) == (7141, 243)
    assert execution.cost_usd == pytest.approx(0.01952)
    assert (execution.started_at, execution.ended_at) == (None, None)
    assert [(d.tool, d.action, d.role) for d in execution.decisions] == [
        ("find_file", "search:glob", "search"),
        ("open", "read:tests", "read"),
        ("edit", "edit", "edit"),
        ("python3", "exec:python", "shell"),
        ("submit", "submit", "other"),
    ]


def test_a_run_whose_folder_is_named_for_it(fixtures: Path) -> None:
    (path,) = (path for path in shipped(fixtures) if path.name.startswith("pydicom"))
    (execution,) = read(path).executions
    assert (execution.agent_id, execution.model, execution.task_id) == ("gpt4", "gpt4", "swe:pydicom__pydicom-1458")
    # The demonstration comes first in the history; it is not what was asked.
    assert (execution.task_text or "").startswith("We're currently solving the following issue")
    assert [d.outcome for d in execution.decisions] == ["ok"] * 2 + ["failed"] + ["ok"] * 2 + ["failed"] * 3 + [
        "ok"
    ] * 4


def test_a_demonstration_that_is_a_history_only(fixtures: Path) -> None:
    (path,) = (path for path in shipped(fixtures) if path.name.startswith("function_calling"))
    match = sniff(ADAPTER, path)
    assert match is not None
    assert match.variant == "history"
    (execution,) = read(path).executions
    assert [d.tool for d in execution.decisions] == ["find_file", "open", "edit", "python", "submit"]
    assert all(d.output for d in execution.decisions)
    assert (execution.status, execution.labels) == ("unknown", {"form": "history"})
