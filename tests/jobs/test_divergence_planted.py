"""Worlds whose truth is known: how often the planted step is found, and how often a difference is seen that is none."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations
from statistics import NormalDist
from typing import Any

import pytest

from soma.synthesizer.jobs.divergence.model import Pair

from .worlds import BETTER, COSTLY, World, level, planted

WORLDS = 200


def pair_of(world: World) -> Pair:
    (pair,) = world.answer().pairs
    return pair


def found(pair: Pair, step: int) -> bool:
    parting = pair.parting
    return parting is not None and (parting.step, parting.first.action, parting.second.action) == (step, BETTER, COSTLY)


@pytest.mark.parametrize("asked", [{"extra": 0.0}, {}, {"habits": (0.0, 1.0)}, {"effect": 0.2}])
def test_the_planted_step_is_found_in_95_of_100_worlds(asked: dict[str, Any]) -> None:
    assert sum(found(pair_of(planted(seed, 2 + seed % 5, **asked)), 2 + seed % 5) for seed in range(WORLDS)) >= 190


def test_harmless_habits_of_either_agent_seldom_hide_it() -> None:
    pairs = [(pair_of(planted(seed, 2 + seed % 5, decoys=2)), 2 + seed % 5) for seed in range(WORLDS)]
    assert sum(found(pair, step) for pair, step in pairs) >= 0.88 * WORLDS


def test_advice_is_given_where_the_data_allow_and_is_the_planted_one() -> None:
    pairs = [pair_of(planted(seed)) for seed in range(WORLDS)]
    # No honest test is surer of 30 points at 30 runs a side: a two-sided z-test would be at 0.7 to 0.8.
    assert sum(pair.verdict == "different" for pair in pairs) >= 0.6 * WORLDS
    advised = [pair.recommendation for pair in pairs if pair.recommendation]
    assert len(advised) >= 0.55 * WORLDS
    assert set(advised) == {"worse should take process:poll at step 2, as better does."}


UNEQUAL_WORK = {0: (1, 1, 1, 8, 8), 1: (8, 8, 1, 1, 1)}


@pytest.mark.parametrize("mix", [None, UNEQUAL_WORK])
def test_ten_equal_agents_are_seldom_called_different(mix: dict[int, tuple[int, ...]] | None) -> None:
    alarms = sum(level(seed, 10, mix).answer(limit=0).different > 0 for seed in range(WORLDS))
    assert alarms <= 0.05 * WORLDS


def test_looking_every_night_raises_hardly_a_false_alarm() -> None:
    """Four agents are looked at for 18 nights; a world counts when any night of it raises an alarm."""
    alarms = repeated = 0
    for seed in range(60):
        world = level(seed, 4)
        nightly = [world.until(night).answer(limit=50, everyone=True) for night in range(3, 21)]
        repeated += any(pair.verdict == "different" for answer in nightly for pair in answer.pairs)
        alarms += any(pair.nightly is not None and pair.nightly.holds for answer in nightly for pair in answer.pairs)
    assert alarms <= 0.05 * 60
    assert alarms <= repeated


def test_a_difference_that_is_real_comes_to_hold_every_night() -> None:
    pairs = [pair_of(planted(seed, effect=0.5, runs=60, extra=0.0)) for seed in range(20)]
    assert sum(pair.nightly is not None and pair.nightly.holds for pair in pairs) >= 15


def test_a_comparison_that_ignores_the_tasks_would_mostly_be_fooled() -> None:
    alarms = sum(naive(level(seed, 10, UNEQUAL_WORK)) for seed in range(WORLDS))
    assert alarms > 0.5 * WORLDS


def naive(world: World) -> bool:
    """Whether a two-proportion z-test at 5 % over all tasks together calls any pair different."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for run in world.runs:
        outcomes[run.agent_id].append(bool(run.success))
    bar = NormalDist().inv_cdf(0.975)
    for one, other in combinations(outcomes.values(), 2):
        middle = (sum(one) + sum(other)) / (len(one) + len(other))
        spread = math.sqrt(middle * (1 - middle) * (1 / len(one) + 1 / len(other)))
        if spread and abs(sum(one) / len(one) - sum(other) / len(other)) / spread > bar:
            return True
    return False
