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
