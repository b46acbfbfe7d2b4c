"""Five models on the same shell tasks: success and difference re-computed by hand from the raw files."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import Pair

from .lake import Lake, chain, execution

pytestmark = pytest.mark.corpus


def raw(corpus: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Per agent and task the recorded run; ReAct runs are another agent of the same model."""
    runs: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for file in sorted((corpus / "intercode-bash").glob("*/*.json")):
        agent = file.parent.name + ("-react" if "react" in file.name else "")
        split = file.stem.rpartition("_")[2]
        for number, run in json.loads(file.read_text()).items():
            runs[agent][f"{split}:{number}"] = run
    return runs


@pytest.fixture(scope="module")
def lake(corpus: Path) -> Lake:
    executions: list[Execution] = []
    decisions: list[NormalizedDecision] = []
    for agent, runs in raw(corpus).items():
        for task, run in runs.items():
            identity = f"{agent}/{task}"
            success = run["summary"]["max_reward"] >= 1
            executions.append(execution(identity, agent, task_id=f"bash {task}", success=success))
            words = [f"exec:{(str(action).split() or ['?'])[0]}" for action in run["turn_history"]["actions"]]
            decisions += chain(identity, words, agent)
    return Lake(executions, decisions)


@pytest.fixture(scope="module")
def pairs(lake: Lake) -> dict[frozenset[str], Pair]:
    found = divergence.run(lake, everyone=True)
    return {frozenset((pair.first.agent_id, pair.second.agent_id)): pair for pair in found.pairs}


def test_every_pair_is_compared_on_the_tasks_both_have(corpus: Path, pairs: dict[frozenset[str], Pair]) -> None:
    runs = raw(corpus)
    assert len(pairs) == len(runs) * (len(runs) - 1) // 2
    for pair in pairs.values():
        first, second = runs[pair.first.agent_id], runs[pair.second.agent_id]
        shared = first.keys() & second.keys()
        good = [{task for task in shared if side[task]["summary"]["max_reward"] >= 1} for side in (first, second)]
        assert pair.tasks == len(shared)
        assert pair.first.outcome.successes == len(good[0])
        assert pair.second.outcome.successes == len(good[1])
        # One run a side and task: the stratified difference is that of the discordant tasks.
        assert pair.difference is not None
        assert pair.difference.estimate == pytest.approx(
            (len(good[1] - good[0]) - len(good[0] - good[1])) / len(shared)
        )


def test_solved_tasks_are_those_counted_independently(corpus: Path, pairs: dict[frozenset[str], Pair]) -> None:
    solved: dict[str, int] = defaultdict(int)
    for entry in json.loads((corpus / "EXPECTED.json").read_text())["intercode-bash"]:
        path = Path(entry["file"])
        solved[path.parent.name + ("-react" if "react" in path.name else "")] += entry["solved"]
    pair = pairs[frozenset(("gpt-4", "chat-bison-001"))]
    assert pair.first.outcome.successes == solved["gpt-4"]
    assert pair.second.outcome.successes == solved["chat-bison-001"]
    assert pair.verdict == "different"


def test_where_the_models_part_is_found_in_the_raw_files(corpus: Path, pairs: dict[frozenset[str], Pair]) -> None:
    pair = pairs[frozenset(("gpt-4", "starchat"))]
    assert pair.parting is not None
    assert (pair.parting.step, pair.parting.first.action, pair.parting.second.action) == (1, "exec:find", "exec:ls")
    runs = raw(corpus)["starchat"].values()
    began = [
        run
        for run in runs
        if run["turn_history"]["actions"] and run["turn_history"]["actions"][0].split()[:1] == ["ls"]
    ]
    assert pair.parting.second.executions == len(began)
    assert pair.parting.second.outcome.successes == sum(run["summary"]["max_reward"] >= 1 for run in began)
