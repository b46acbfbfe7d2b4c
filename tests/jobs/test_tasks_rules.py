"""Rules of a project decide over what soma finds, wherever they stand, and say so when they decide nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from soma import config
from soma.config import TaskRule
from soma.errors import ConfigError
from soma.synthesizer.jobs import divergence, tasks
from soma.synthesizer.jobs.tasks.explain import render
from soma.synthesizer.jobs.tasks.model import RuleUse

from .lake import Lake, execution
from .whole import said, shown

RUNS = [
    execution("1", "clerk-1", task_text="Write the  Digest of today"),
    execution("2", "clerk-2", task_id="cron:digest", task_text="Summarise what came in"),
    execution("3", "main", task_text="Refund order 17 at once", labels={"team": "ops-eu"}),
    execution("4", "play", task_text="Write the digest of today"),
    execution("5", "main"),
]


def ruled(*rules: TaskRule) -> dict[str, str]:
    return tasks.run(Lake(RUNS), rules=rules).assignments


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ({"text": "write the digest*"}, "14"),
        ({"text": "*digest"}, ""),
        ({"text": "refund order ?? at once"}, "3"),
        ({"text": "[w]rite*"}, ""),
        ({"id": "cron:*"}, "2"),
        ({"id": "*"}, "2"),
        ({"regex": r"(?i)digest\b"}, "14"),
        ({"regex": r"order [0-9]+"}, "3"),
        ({"agent": "clerk-?"}, "12"),
        ({"agent": "Clerk-?"}, ""),
        ({"labels": {"team": "ops*"}}, "3"),
        ({"labels": {"team": "ops*", "shift": "*"}}, ""),
        ({"agent": "clerk*", "text": "*digest*"}, "1"),
        ({"agent": "main"}, "35"),
    ],
)
def test_all_conditions_of_a_rule_must_hold(condition: dict[str, Any], runs: str) -> None:
    found = ruled(TaskRule(task="mine", **condition))
    assert sorted(run for run, task in found.items() if task == "mine") == list(runs)


def test_the_first_rule_that_holds_decides_and_every_rule_tells_what_it_did() -> None:
    rules = (
        TaskRule(comparable=False, agent="play"),
        TaskRule(task="digest", text="*digest*"),
        TaskRule(task="digest", id="cron:digest"),
        TaskRule(task="shadow", agent="play"),
        TaskRule(task="slip", agent="clrek"),
    )
    found = tasks.run(Lake(RUNS), rules=rules)
    assert {run: found.assignments.get(run) for run in "1245"} == {"1": "digest", "2": "digest", "4": None, "5": None}
    assert (found.excluded, found.untasked, found.executions) == (1, 1, 5)
    assert [(use.executions, use.shadowed) for use in found.rules] == [(1, 0), (1, 1), (1, 0), (0, 1), (0, 0)]
    assert found.rules[0] == RuleUse(number=1, task=None, conditions="agent play", executions=1, shadowed=0)
    first = found.tasks[0]
    assert (first.key, first.label, first.found, first.by, first.ids) == (
        "digest", "digest", "file", {"file": 2}, ("cron:digest",),
    )  # fmt: skip
    page = said(shown(render(found)))
    assert "rule 1 (agent play → not comparable): 1 run" in page
    assert "! rule 4 (agent play → task “shadow”) decides nothing: the 1 run it fits go to earlier rules" in page
    assert "! rule 5 (agent clrek → task “slip”) fits no run" in page


def test_a_rule_that_names_a_known_id_adds_to_its_task() -> None:
    found = tasks.run(Lake(RUNS), rules=[TaskRule(task="cron:digest", agent="clerk-1")])
    assert found.assignments["1"] == found.assignments["2"] == "cron:digest"
    assert found.tasks[0].by == {"file": 1, "explicit": 1}
    assert found.tasks[0].found == "file"


def test_a_snapshot_carries_the_rules_to_every_job() -> None:
    lake = Lake([execution("1", "a", task_text="fetch all of it", success=True), execution("2", "b", success=False)])
    assert divergence.run(lake).pairs_total == 0
    lake.task_rules = (TaskRule(task="mine", agent="?"),)
    assert tasks.run(lake).assignments == {"1": "mine", "2": "mine"}
    assert divergence.run(lake).pairs_total == 1
    assert tasks.run(lake, rules=()).assignments.keys() == {"1"}


@pytest.mark.parametrize("condition", [{"regex": r"(a*)*b"}, {"regex": r"(a|aa)+$"}, {"text": "*a" * 40 + "b"}])
def test_patterns_that_would_run_away_do_not(condition: dict[str, str]) -> None:
    lake = Lake([execution(str(n), task_text="a" * (2000 + n)) for n in range(20)])
    began = time.process_time()
    tasks.run(lake, rules=[TaskRule(task="mine", **condition)])  # type: ignore[arg-type]
    assert time.process_time() - began < 5


@pytest.mark.parametrize("pattern", ["(", r"(?=a)b", r"(a)\1"])
def test_an_expression_that_cannot_be_used_is_named(pattern: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used") as raised:
        ruled(TaskRule(task="fine", agent="x"), TaskRule(task="mine", regex=pattern))
    assert raised.value.where == f"task rule 2: {pattern}"


def loaded(folder: Path) -> config.Config:
    return config.load(folder, {}, {})


RULE = '[[tasks]]\ntask = "mine"\nagent = "x*"\n'


@pytest.mark.parametrize(
    ("files", "origin"),
    [
        ({"soma.toml": 'vault = "v"\n' + RULE}, "soma.toml"),
        ({"soma.toml": 'vault = "v"\n', "tasks.toml": RULE}, "tasks.toml"),
        ({"tasks.toml": RULE}, "tasks.toml"),
        ({"pyproject.toml": RULE.replace("[[tasks]]", "[[tool.soma.tasks]]")}, "pyproject.toml"),
    ],
)
def test_rules_stand_in_the_settings_or_beside_them(files: dict[str, str], origin: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    found = loaded(tmp_path / "deep" / "er")
    assert found.settings.tasks == [TaskRule(task="mine", agent="x*")]
    assert found.origins["tasks"] == str(tmp_path / origin)


def test_rules_in_two_files_are_refused(tmp_path: Path) -> None:
    for name in ("soma.toml", "tasks.toml"):
        (tmp_path / name).write_text(RULE)
    with pytest.raises(ConfigError, match="tasks stands in two files"):
        loaded(tmp_path)


def test_the_tasks_file_of_another_tool_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tasks.toml").write_text('[tasks.build]\ncommand = "make"\n')
    assert loaded(tmp_path).settings.tasks == []
    (tmp_path / "tasks.toml").write_text('vault = "x"\n' + RULE)
    with pytest.raises(ConfigError, match="not vault"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('task = "x"', "needs a condition"),
        ('agent = "x"', "needs either a name"),
        ('task = "x"\ncomparable = false\nagent = "x"', "needs either a name"),
        ('task = " "\nagent = "x"', "not empty"),
        ('task = "x"\nagnet = "x"', "unknown field `agnet`"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_file(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "soma.toml").write_text('vault = "v"\n')
    (tmp_path / "tasks.toml").write_text(f"{RULE}\n[[tasks]]\n{text}\n")
    with pytest.raises(ConfigError, match=told) as raised:
        loaded(tmp_path)
    assert raised.value.where == str(tmp_path / "tasks.toml")
