"""What is a storm is told in time, what is none is not, and no baseline learns one."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from soma.pressure import Action, Engine, Mode
from soma.pressure.constants import BLOCK, CEILING, FAILURES, GUIDE, WARN
from soma.pressure.floors import Spikes, level

from .storms import BENCHMARK


@pytest.mark.parametrize("name", list(BENCHMARK.STORMS))
@pytest.mark.parametrize("before", BENCHMARK.HEALTHY)
def test_every_storm_is_told_in_time(name: str, before: int) -> None:
    make, allowed = BENCHMARK.STORMS[name]
    for seed in range(25):
        first, _ = BENCHMARK.latencies(make, before, seed)
        for reached, limit in zip(first, allowed, strict=True):
            assert limit is None or (reached is not None and reached <= limit), (seed, first)


@pytest.mark.corpus
def test_successful_executions_are_hardly_ever_warned(corpus: Path) -> None:
    total: Counter[str] = sum(BENCHMARK.successful(corpus).values(), Counter())
    actions = sum(total[mode.name] for mode in Mode)
    assert actions >= 900
    assert total["WARN"] + total["BLOCK"] <= 0.02 * actions


def calm(engine: Engine, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        engine.step("a", Action(action="exec:ls", arguments_digest=str(number), output_digest=str(number), outcome="ok",
                                tokens=500, cost_usd=0.01))  # fmt: skip


def test_no_baseline_learns_while_a_floor_holds() -> None:
    engine = Engine()
    calm(engine, 30)
    pressures = []
    for number in range(500):
        before = [(b.mean, b.variance, b.count) for b in engine.state.agents["a"].baselines]
        reading = engine.step("a", Action(action="exec:x", arguments_digest=f"x{number}", outcome="failed"))
        after = [(b.mean, b.variance, b.count) for b in engine.state.agents["a"].baselines]
        assert (before == after) is not reading.learned
        assert reading.learned is (reading.floor < GUIDE)
        pressures.append(reading.pressure)
    # It does not fade: the five hundredth failure presses like the twentieth.
    assert pressures[19] == pressures[-1] == CEILING
    calm(engine, 10, 1_000)
    assert engine.state.agents["a"].mode == Mode.OBSERVE


def test_a_spike_is_never_taken_into_the_median() -> None:
    engine = Engine()
    calm(engine, 15)
    for number in range(100):
        reading = engine.step("a", Action(action="exec:ls", arguments_digest=f"s{number}", outcome="ok", tokens=50_000))
    assert reading.floor_reason == "token_spike"
    assert engine.state.agents["a"].tokens.median == 500.0


def test_small_amounts_are_no_spikes() -> None:
    spikes = Spikes()
    for _ in range(20):
        spikes.learn(3.0)
    assert spikes.observe(900.0, 1000.0) == 0.0
    assert spikes.observe(1000.0, 1000.0) == GUIDE


def test_the_median_is_that_of_the_last_calm_amounts() -> None:
    spikes, random_ = Spikes(), random.Random(2)
    amounts = [float(random_.randrange(1_000)) for _ in range(200)]
    for amount in amounts:
        spikes.learn(amount)
    assert spikes.median == sorted(amounts[-31:])[15]
    assert spikes.ordered == sorted(spikes.calm) == sorted(amounts[-31:])


def test_a_floor_rises_with_its_count() -> None:
    heights = [level(count, FAILURES) for count in range(12)]
    assert heights == sorted(heights)
    assert [heights[count] for count in (1, *FAILURES)] == [0.0, GUIDE, WARN, BLOCK]
    assert heights[-1] == CEILING


def first_at(engine: Engine, make: list[Action], mode: Mode) -> int | None:
    for number, action in enumerate(make, 1):
        if engine.step("a", action).mode >= mode:
            return number
    return None


def test_somebody_who_feels_his_way_is_warned_later_than_somebody_who_has_succeeded() -> None:
    failing = [Action(action=f"exec:{n}", arguments_digest=str(n), outcome="failed") for n in range(20)]
    same = [Action(action="exec:x", arguments_digest="x", outcome="failed") for _ in range(20)]
    assert first_at(Engine(), failing, Mode.WARN) == 6
    assert first_at(Engine(), same, Mode.WARN) == 3
    practised = Engine()
    calm(practised, 10)
    assert first_at(practised, failing, Mode.WARN) == 3


def test_a_loop_is_seen_where_arguments_are_not_recorded() -> None:
    looping = [Action(action="poll", output_digest="same", outcome="ok") for _ in range(20)]
    unknown = [Action(action="poll", outcome="ok") for _ in range(20)]
    assert first_at(Engine(), looping, Mode.WARN) == 5
    # Neither call nor answer known: nothing says that they were the same.
    assert first_at(Engine(), unknown, Mode.GUIDE) is None


def test_an_unknown_or_skipped_outcome_is_no_failure() -> None:
    odd = [Action(action="a", arguments_digest=str(n), outcome=("unknown", "skipped")[n % 2]) for n in range(30)]
    assert first_at(Engine(), odd, Mode.GUIDE) is None


def test_a_new_session_starts_without_the_streaks_of_the_last() -> None:
    engine = Engine()
    calm(engine, 12)
    for number in range(6):
        engine.step("a", Action(action="exec:x", arguments_digest=str(number), outcome="failed"))
    assert engine.state.agents["a"].mode == Mode.BLOCK
    engine.begin("a", "next")
    state = engine.state.agents["a"]
    assert (state.mode, state.streaks.failures, state.window.steps) == (Mode.OBSERVE, 0, 0)
    assert state.baselines[2].count == 10
