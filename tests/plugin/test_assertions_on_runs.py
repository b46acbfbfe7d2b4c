"""What a test may demand of a run: pressure, patterns; on traces, recordings, and actions made on the spot."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from soma.api import observed
from soma.api.observed import observe
from soma.config import BudgetSettings, Thresholds
from soma.errors import NothingFound, SourceError, UsageError
from soma.pressure import Action, Configuration, Engine
from soma.pressure.replay import recording
from soma.pressure.replay.run import run

FAILING = [Action(action="exec:pytest", role="shell", arguments_digest="a", outcome="failed")] * 5
CALM = [Action(action="read:src", role="read", arguments_digest=f"{n}", outcome="ok") for n in range(5)]


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(observed).failed == 0


def test_a_storm_is_named_with_the_first_actions_that_reach_the_limit() -> None:
    runs = observe(FAILING)
    with pytest.raises(AssertionError, match=r"reaches 0\.75, which is not below WARN") as told:
        runs.stays_below("WARN")
    assert "action 3 of agent: exec:pytest" in str(told.value)
    runs.stays_below(0.76)
    observe(CALM).stays_below("GUIDE")


def test_the_pressure_is_the_engines() -> None:
    engine = Engine()
    engine.begin("agent")
    assert [moment.reading for moment in observe(FAILING).moments] == [engine.step("agent", one) for one in FAILING]


def test_thresholds_that_are_set_are_gone_by() -> None:
    lax = Configuration(thresholds=Thresholds(guide=0.8, warn=0.9, block=1.0))
    observe(FAILING, lax).stays_below("GUIDE")


def test_a_pattern_that_fires_is_named_and_one_that_does_not_exist_is_a_mistake() -> None:
    runs = observe([Action(action="read:src", tokens=90)], Configuration(budget=BudgetSettings(tokens=100)))
    assert runs.fired == {"budget": 1}
    with pytest.raises(AssertionError, match=r"1 firing:\n  budget at action 1 of agent"):
        runs.never_fires("budget")
    observe(CALM).never_fires()
    with pytest.raises(UsageError, match="no pattern"):
        observe(CALM).never_fires("bugdet")


@pytest.mark.parametrize("limit", ["OBSERVE", "warn", 0, 1.5])
def test_a_limit_that_is_none_is_a_mistake(limit: float | str) -> None:
    with pytest.raises(UsageError):
        observe(CALM).stays_below(limit)


def test_nothing_to_watch_never_passes(tmp_path: Path) -> None:
    with pytest.raises(NothingFound):
        observe([])
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(SourceError):
        observe(empty)


def test_a_trace_is_watched_as_the_vault_would_watch_it(fixtures: Path) -> None:
    runs = observe(fixtures / "claude-code" / "failures.jsonl")
    assert len(runs.moments) > 1
    assert all(moment.step.decision_id for moment in runs.moments)
    assert 0 < runs.peak <= 1


@pytest.mark.parametrize("name", ["storms", "loop", "failures", "delegation"])
def test_a_recording_is_watched_with_what_it_was_made_with(fixtures: Path, name: str) -> None:
    path = fixtures / "recordings" / f"{name}.jsonl"
    replayed = run(recording.read(path))
    assert [moment.reading.effective for moment in observe(path).moments] == [p.effective for p in replayed.points]


NODE_AGAIN = """
[[policies]]
id = "no-third-node"
message = "exec:node failed twice: poll instead"
[policies.scope]
agents = ["*"]
[policies.condition]
kind = "sequence"
after = [{ action = ["exec:node"], outcome = ["failed"], times = 2 }]
then = { action = ["exec:node"] }

[[policies]]
id = "calm"
message = "not while in distress"
condition = { kind = "mode", least = "BLOCK" }
"""


def test_policies_are_kept_to_or_the_calls_are_named(tmp_path: Path) -> None:
    policies = tmp_path / "policies.toml"
    policies.write_text(NODE_AGAIN)
    failing = [Action(action="exec:node", outcome="failed", arguments_digest=f"{n}") for n in range(3)]
    observe([*failing[:2], *CALM]).keeps_to(policies)
    with pytest.raises(AssertionError, match=r"1 call:\n  no-third-node at action 3 of agent: exec:node") as told:
        observe(failing).keeps_to(policies)
    assert str(told.value).endswith("poll instead")
    with pytest.raises(AssertionError, match="calm at action 6"):
        observe([*FAILING, *CALM]).keeps_to(policies)


def test_policies_about_arguments_see_those_of_a_trace(fixtures: Path, tmp_path: Path) -> None:
    policies = tmp_path / "policies.json"
    condition = '{"kind": "action", "call": {"role": ["shell", "read"], "arguments": ["*"]}}'
    policies.write_text(f'{{"id": "silent", "message": "no", "condition": {condition}}}')
    with pytest.raises(AssertionError, match="silent at action"):
        observe(fixtures / "claude-code" / "failures.jsonl").keeps_to(policies)
