"""Budgets with the seed's semantics, modes at their thresholds, and both from ``soma.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma.config import BudgetSettings, Limits, Thresholds, load
from soma.errors import ConfigError
from soma.pressure import Action, Configuration, Engine, Mode, configuration_of
from soma.pressure.budget import Spending, health
from soma.pressure.modes import mode_of


def test_what_is_left_is_that_of_the_scarcest_dimension() -> None:
    assert health(Spending(25, 4.0), Limits(100, 5.0)) == pytest.approx(0.2)
    assert health(Spending(25, 4.0), Limits(100)) == 0.75
    assert health(Spending(10**9, 1e9), Limits()) == 1.0
    assert health(Spending(0, 0.0), Limits(0)) == 0.0
    assert health(Spending(300, 0.0), Limits(100)) == 0.0


def test_a_session_has_its_budget_and_an_agent_has_one_over_its_sessions() -> None:
    engine = Engine(Configuration(budget=BudgetSettings(tokens=100, agent=Limits(tokens=250))))
    left = []
    for session in ("one", "two", "three"):
        engine.begin("a", session)
        left += [engine.step("a", Action(tokens=40)).budget for _ in range(2)]
    assert left == pytest.approx([0.6, 0.2, 0.52, 0.2, 0.2, 0.04])
    engine.begin("b", "three")
    # Another agent in the same session draws on the same session's budget, not on the other's own.
    reading = engine.step("b", Action(tokens=40))
    assert (reading.budget, reading.exhausted) == (0.0, True)


def test_what_is_not_known_charges_nothing() -> None:
    engine = Engine(Configuration(budget=BudgetSettings(tokens=100, cost_usd=1.0)))
    reading = engine.step("a", Action())
    assert (reading.budget, reading.exhausted) == (1.0, False)
    assert engine.step("a", Action(cost_usd=0.75)).budget == 0.25


def test_a_threshold_belongs_to_the_mode_above_it() -> None:
    found = [mode_of(p, Thresholds()) for p in (0.0, 0.2499, 0.25, 0.4999, 0.5, 0.7499, 0.75, 1.0)]
    assert found == [Mode.OBSERVE] * 2 + [Mode.GUIDE] * 2 + [Mode.WARN] * 2 + [Mode.BLOCK] * 2


def test_raised_thresholds_are_reached_by_storms_too() -> None:
    engine = Engine(Configuration(Thresholds(guide=0.4, warn=0.7, block=0.9)))
    modes = [engine.step("a", Action(action="x", arguments_digest="s", outcome="failed")).mode for _ in range(10)]
    assert [modes.index(mode) + 1 for mode in (Mode.GUIDE, Mode.WARN, Mode.BLOCK)] == [3, 5, 8]


def test_the_settings_of_the_seed_are_read(tmp_path: Path) -> None:
    (tmp_path / "soma.toml").write_text(
        "[budget]\ntokens = 100000\ncost_usd = 5.0\n[budget.agent]\ntokens = 1000000\n"
        "[thresholds]\nguide = 0.4\nwarn = 0.7\nblock = 0.9\n"
    )
    found = configuration_of(load(tmp_path, {}, {}).settings)
    assert found == Configuration(Thresholds(0.4, 0.7, 0.9), BudgetSettings(100_000, 5.0, Limits(1_000_000)))
    assert found.digest != Configuration().digest


@pytest.mark.parametrize("text", [
    "[thresholds]\nguide = 0.6\nwarn = 0.5\n", "[thresholds]\nblock = 1.5\n", "[thresholds]\nguide = nan\n",
    "[budget]\ntokens = -1\n", "[budget]\ncost_usd = inf\n", "[budget]\ncost = 1\n", "[budget.agent]\ntokens = -1\n",
])  # fmt: skip
def test_settings_that_cannot_be_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "soma.toml").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path, {}, {})
