"""Benchmarks counted by somebody else, against what the drafts say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.reading import Readout

from .conversations import read

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def expected(corpus: Path) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())
    return figures


@pytest.fixture(scope="module")
def tau(corpus: Path, expected: dict[str, Any]) -> Readout:
    return read(corpus / "tau-bench" / expected["tau-bench"]["file"])


def test_tau_bench_runs_and_rewards(tau: Readout, expected: dict[str, Any]) -> None:
    figures = expected["tau-bench"]
    runs = list(tau.by_id().values())
    assert tau.damage == []
    assert len(runs) == figures["runs"]
    assert len({run.task_id for run in runs}) == figures["tasks"]
    assert max(Counter(run.task_id for run in runs).values()) == figures["trials"]
    assert sum(run.success is True for run in runs) == figures["successes"]
    assert sum(run.score or 0 for run in runs) / len(runs) == pytest.approx(figures["mean_reward"])
    assert sum(run.success is True for run in runs) / len(runs) == pytest.approx(figures["pass^1"])
    assert {run.success_from for run in runs} == {"reward"}
    for key, success in (("tasks_never", False), ("tasks_always", True)):
        assert {run.task_id for run in runs if run.success is success} == {f"tau:retail:{n}" for n in figures[key]}


def test_tau_bench_decisions(tau: Readout, expected: dict[str, Any]) -> None:
    figures = expected["tau-bench"]
    decisions = [decision for run in tau.executions for decision in run.decisions]
    totals = figures["totals"]
    assert Counter(decision.tool for decision in decisions) == figures["tools"]
    assert len(decisions) == totals["tool_calls"]
    assert len({decision.native_id for decision in decisions}) == totals["distinct_ids"]
    assert sum(decision.output is not None for decision in decisions) == totals["tool_messages"]
    outcomes = Counter(decision.outcome for decision in decisions)
    assert outcomes["unknown"] == totals["missing"]
    assert outcomes["failed"] == totals["error_prefix"]
    assert outcomes["ok"] == totals["tool_messages"] - totals["error_prefix"]
    assert sum(not isinstance(decision.arguments, dict) for decision in decisions) == totals["bad_arguments"]
    places = Counter((decision.offset, decision.length) for decision in decisions)
    assert sum(count > 1 for count in places.values()) == totals["parallel_groups"]


def test_tau_bench_evidence_is_the_message_itself(tau: Readout, corpus: Path, expected: dict[str, Any]) -> None:
    data = (corpus / "tau-bench" / expected["tau-bench"]["file"]).read_bytes()
    roles: Counter[str] = Counter()
    for run in tau.executions:
        whole = json.loads(data[run.offset : run.offset + run.length])
        assert run.task_id == f"tau:retail:{whole['task_id']}"
        roles.update(message["role"] for message in whole["traj"])
        for decision in run.decisions:
            message = json.loads(data[decision.offset : decision.offset + decision.length])
            (call,) = message["tool_calls"]
            assert (call["id"], call["function"]["name"]) == (decision.native_id, decision.tool)
    assert roles == expected["tau-bench"]["roles"]


def test_a_part_of_the_runs_in_another_file_are_the_same_runs(tau: Readout, corpus: Path) -> None:
    part = corpus / "attribution" / "agentrx-tau" / "tau_dataset_failed.json"
    ids = {str(run["task_id"]) for run in json.loads(part.read_text())}
    again = read(part).by_id()
    known = {execution_id for execution_id in again if execution_id in tau.by_id()}
    everywhere = {run.labels["trial"] for run in tau.executions}
    assert len(again) == len(ids)
    # Two of the labelled runs are not in the full file.
    assert len(again) - len(known) == len(ids - everywhere) == 2


def test_intercode_every_file(corpus: Path, expected: dict[str, Any]) -> None:
    seen: set[str] = set()
    for figures in expected["intercode-bash"]:
        out = read(corpus / figures["file"])
        runs = out.by_id()
        attempts = list(runs.values())
        outcomes = Counter(decision.outcome for run in attempts for decision in run.decisions)
        assert out.damage == []
        assert len(attempts) == len({run.task_id for run in attempts}) == figures["tasks"]
        assert sum(run.success is True for run in attempts) == figures["solved"]
        assert sum(run.success is True for run in attempts) / len(attempts) == pytest.approx(
            figures["success_rate"], abs=1e-4
        )
        assert sum(run.score or 0 for run in attempts) / len(attempts) == pytest.approx(
            figures["mean_max_reward"], abs=1e-4
        )
        assert outcomes.total() == figures["turns"]
        assert outcomes["ok"] == figures["valid"]
        # A command that took too long is invalid there and a timeout here.
        assert outcomes["failed"] + outcomes["timeout"] == figures["invalid"]
        unseen = [run for run in attempts if any(decision.outcome == "unknown" for decision in run.decisions)]
        assert len(unseen) == figures["uneven_histories"]
        assert all(run.decisions[-1].output is None for run in unseen)
        assert seen.isdisjoint(runs)
        seen |= runs.keys()
    assert len(seen) == sum(figures["tasks"] for figures in expected["intercode-bash"])


def test_intercode_tasks_align_across_models(corpus: Path) -> None:
    tasks = [
        {
            run.task_id
            for path in sorted((corpus / "intercode-bash" / model).glob("*multiturn*fs_4.json"))
            for run in read(path).executions
        }
        for model in ("gpt-4", "gpt-3.5", "starchat", "text-davinci-003", "chat-bison-001")
    ]
    assert all(len(some) == 27 and some == tasks[0] for some in tasks)
