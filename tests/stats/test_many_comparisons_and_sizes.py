"""False-discovery control against scipy; sample sizes against published figures and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from soma.synthesizer.stats import Stratum, benjamini_hochberg, needed_per_side
from soma.synthesizer.stats.stratified import _large_sample_test


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_scipys(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)))


def test_no_comparison_no_q_value() -> None:
    assert benjamini_hochberg([]) == []


def test_false_discoveries_stay_under_the_rate() -> None:
    generator = np.random.default_rng(11)
    rounds, shares = 1000, []
    for _ in range(rounds):
        null = generator.uniform(size=40)
        effect = generator.uniform(size=10) * 1e-3
        q_values = benjamini_hochberg([*null, *effect])
        false = sum(q <= 0.05 for q in q_values[:40])
        shares.append(false / max(1, sum(q <= 0.05 for q in q_values)))
    assert np.mean(shares) <= 0.05 + 3 * np.std(shares) / math.sqrt(rounds)


@pytest.mark.parametrize(("rate", "effect", "expected"), [(0.5, 0.1, 388), (0.6, 0.1, 388), (0.95, 0.55, 11)])
def test_sizes_are_those_of_the_formula(rate: float, effect: float, expected: int) -> None:
    assert needed_per_side(rate, effect) == pytest.approx(expected, abs=1)


def test_the_size_has_the_power() -> None:
    many = needed_per_side(0.7, 0.2)
    generator = np.random.default_rng(5)
    rounds = 3000
    found = [
        _large_sample_test([Stratum(int(a), many, int(b), many)]) <= 0.05
        for a, b in zip(generator.binomial(many, 0.7, rounds), generator.binomial(many, 0.5, rounds), strict=True)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02 + 3 * math.sqrt(0.8 * 0.2 / rounds))


@pytest.mark.parametrize("effect", [0.0, -0.1, 1.1])
def test_an_effect_that_is_none_has_no_size(effect: float) -> None:
    with pytest.raises(ValueError, match="effect"):
        needed_per_side(0.5, effect)


def test_there_is_room_for_the_effect_at_either_end() -> None:
    assert needed_per_side(0.02, 0.1) == needed_per_side(0.12, 0.1)
    assert needed_per_side(0.5, 1.0) > 0
