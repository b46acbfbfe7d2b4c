"""False-discovery control against scipy; sample sizes against published figures and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from soma.synthesizer.stats import (
    Stratum,
    benjamini_hochberg,
    benjamini_yekutieli,
    e_benjamini_hochberg,
    e_of_p,
    large_sample_test,
    needed_per_side,
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_scipys(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)))
    assert benjamini_yekutieli(p_values) == pytest.approx(list(false_discovery_control(p_values, method="by")))


def test_no_comparison_no_q_value() -> None:
    assert benjamini_hochberg([]) == benjamini_yekutieli([]) == e_benjamini_hochberg([]) == []


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30), st.sampled_from([0.05, 0.1, 0.3]))
def test_e_values_are_rejected_as_the_paper_says(e_values: list[float], rate: float) -> None:
    many = len(e_values)
    ordered = sorted(e_values, reverse=True)
    kept = max((k for k in range(1, many + 1) if k * ordered[k - 1] / many >= 1 / rate * (1 + 1e-9)), default=0)
    said = [q <= rate / (1 + 1e-9) for q in e_benjamini_hochberg(e_values)]
    assert said == [value in ordered[:kept] for value in e_values]


def test_an_e_value_below_zero_is_none() -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        e_benjamini_hochberg([2.0, -1.0])
    with pytest.raises(ValueError, match="from 0 on"):
        e_benjamini_hochberg([math.nan])


@pytest.mark.parametrize("dependence", ["none", "one factor", "opposite blocks"])
def test_false_discoveries_stay_under_the_rate_however_tests_depend(dependence: str) -> None:
    generator = np.random.default_rng([11, len(dependence)])
    rounds, null, many, rate = 600, 40, 50, 0.1
    noise = generator.standard_normal((rounds, many))
    factor = generator.standard_normal((rounds, 1))
    if dependence == "one factor":
        noise = 0.5 * noise + math.sqrt(0.75) * factor
    elif dependence == "opposite blocks":
        noise = 0.5 * noise + math.sqrt(0.75) * factor * np.where(np.arange(many) % 2, 1, -1)
    scores = noise + np.where(np.arange(many) < null, 0, 3.5)
    p_values = np.clip(2 * norm.sf(np.abs(scores)), 1e-300, 1)
    bets = (np.exp(3 * scores - 4.5) + np.exp(-3 * scores - 4.5)) / 2
    for adjusted in (
        [benjamini_hochberg(world) for world in p_values.tolist()],
        [benjamini_yekutieli(world) for world in p_values.tolist()],
        [e_benjamini_hochberg(world) for world in bets.tolist()],
        [e_benjamini_hochberg([e_of_p(p) for p in world]) for world in p_values.tolist()],
    ):
        said = np.array(adjusted) <= rate
        shares = said[:, :null].sum(axis=1) / np.maximum(1, said.sum(axis=1))
        assert shares.mean() <= rate + 3 * shares.std() / math.sqrt(rounds)
        assert said[:, null:].any(), "a method that never finds anything controls nothing"


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
        large_sample_test([Stratum(int(a), many, int(b), many)]) <= 0.05
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
