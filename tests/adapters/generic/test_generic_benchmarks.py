"""The shipped benchmark runs: what happened in them, known from the files themselves."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from .conversations import openai, read, the_one, written


def test_tau_bench_runs(fixtures: Path) -> None:
    path = fixtures / "generic" / "tau-bench" / "retail_10_runs.json"
    raw = json.loads(path.read_text())
    out = read(path)
    runs = {run.task_id: run for run in out.by_id().values()}
    assert out.damage == [] and len(runs) == len(raw) == 10
    for given in raw:
        run = runs[f"tau:retail:{given['task_id']}"]
        results = [message["content"] for message in given["traj"] if message["role"] == "tool"]
        assert (run.framework, run.agent_id, run.success, run.score) == (
            "tau-bench",
            "",
            given["reward"] == 1,
            given["reward"],
        )
        assert [decision.output for decision in run.decisions] == results
        assert [decision.outcome == "failed" for decision in run.decisions] == [
            text.startswith("Error") for text in results
        ]
        assert run.task_text == next(message["content"] for message in given["traj"] if message["role"] == "user")
        assert run.status == "completed" and run.execution_id.startswith("tau:")
    assert sum(decision.outcome == "failed" for run in runs.values() for decision in run.decisions) == 5


def test_a_tau_bench_run_that_crashed_is_a_failed_run(tmp_path: Path) -> None:
    crashed = {
        "task_id": 4,
        "trial": 1,
        "reward": 0.0,
        "traj": [],
        "info": {"error": "connection lost", "traceback": "..."},
    }
    done = {"task_id": 4, "trial": 0, "reward": 1.0, "traj": openai(), "info": {"reward_info": {"reward": 1.0}}}
    first, second = read(written(tmp_path / "a.json", [crashed, done])).executions
    assert (first.status, first.error, first.success, first.decisions) == ("failed", "connection lost", False, [])
    assert (second.status, second.task_id, second.labels) == ("completed", "tau:4", {"trial": "0"})


def test_intercode_two_models_on_the_same_tasks(fixtures: Path) -> None:
    paths = sorted((fixtures / "generic" / "intercode").glob("gpt-*/*fs_4.json"))
    assert len(paths) == 2
    solved = {}
    for path in paths:
        raw = json.loads(path.read_text())
        out = read(path)
        assert out.damage == [] and len(out.by_id()) == len(raw) == 27
        for given, run in zip(raw.values(), out.executions, strict=True):
            history = given["turn_history"]
            assert [decision.arguments for decision in run.decisions] == [
                {"command": text} for text in history["actions"]
            ]
            assert [decision.output for decision in run.decisions] == history["observations"]
            assert [decision.outcome == "ok" for decision in run.decisions] == history["valid_action"]
            assert (run.task_text, run.score) == (given["query"], given["summary"]["max_reward"])
            whole = path.read_bytes()[run.offset : run.offset + run.length]
            assert json.loads(whole) == given
        solved[path.parent.name] = Counter(run.success for run in out.executions)[True]
    together = read(*paths)
    assert len(together.by_id()) == 54 and len({run.task_id for run in together.executions}) == 27
    assert solved == {"gpt-3.5": 13, "gpt-4": 16}


def test_intercode_lists_of_different_lengths(tmp_path: Path) -> None:
    history = {"actions": ["ls", "blocked"], "observations": ["a"], "rewards": [0.5, 0.2], "valid_action": [None]}
    run = the_one(written(tmp_path / "a.json", {"0": {"environment": "ic_sql", "query": "q", "turn_history": history}}))
    assert [(decision.tool, decision.outcome, decision.output) for decision in run.decisions] == [
        ("sql", "unknown", "a"), ("sql", "unknown", None),
    ]  # fmt: skip
    assert (run.score, run.success, run.status) == (0.5, False, "unknown")


def test_intercode_actions_in_words_of_their_own(tmp_path: Path) -> None:
    history = {"thoughts": ["look", "done"], "actions": ["execute[ls -l]", "submit"],
               "observations": ["Command timed out", "x"],
               "rewards": [0, 1], "valid_action": [False, True]}  # fmt: skip
    run = the_one(
        written(tmp_path / "a.json", {"0": {"environment": "ic_bash", "query": "q", "turn_history": history}})
    )
    told = [(decision.tool, decision.arguments, decision.outcome, decision.reasoning) for decision in run.decisions]
    assert told == [
        ("bash", {"command": "ls -l"}, "timeout", "look"), ("submit", {}, "ok", "done"),
    ]  # fmt: skip
