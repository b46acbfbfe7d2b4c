"""Differences of two proportions: published figures, second implementations, coverage by simulation."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

from soma.synthesizer.stats import (
    Stratum,
    boschloo,
    compare,
    exact_test,
    fisher,
    large_sample_test,
    mantel_haenszel,
    mid_p_test,
    newcombe,
    sato,
)

ROUNDS = 1500
STRATA = st.builds(
    lambda n0, n1, x0, x1: Stratum(min(x0, n0), n0, min(x1, n1), n1),
    st.integers(1, 6), st.integers(1, 6), st.integers(0, 6), st.integers(0, 6),
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_figures_of_his_table(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = newcombe(other[0] / other[1], other[1], one[0] / one[1], one[1], 0.95)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_one_task_is_boschloo_and_newcombe() -> None:
    difference = compare([Stratum(42, 44, 14, 35)])
    assert difference is not None
    assert difference.method == "newcombe"
    assert difference.estimate == pytest.approx(14 / 35 - 42 / 44)
    assert difference.p_value == boschloo(Stratum(42, 44, 14, 35))
    assert difference.p_value < fisher_exact(np.array([[42, 2], [14, 21]])).pvalue
    assert difference.interval == newcombe(42 / 44, 44, 14 / 35, 35, 0.95)


def test_several_tasks_are_the_mid_p_test_and_mantel_haenszel() -> None:
    strata = [Stratum(3, 4, 1, 5), Stratum(2, 3, 2, 6), Stratum(4, 4, 2, 4)]
    difference = compare(strata)
    assert difference is not None
    assert difference.p_value == mid_p_test(strata) < exact_test(strata)
    assert (difference.estimate, difference.interval, difference.method) == mantel_haenszel(strata)


def test_tasks_only_one_side_attempted_do_not_count() -> None:
    assert compare([Stratum(3, 3, 0, 0), Stratum(0, 0, 1, 4)]) is None
    assert compare([Stratum(3, 3, 0, 0), Stratum(2, 4, 1, 4)]) == compare([Stratum(2, 4, 1, 4)])


def enumerated(strata: list[Stratum]) -> float:
    """The exact test by listing every outcome that has the same successes on each task."""
    chances: dict[int, Fraction] = {}
    ranges = [
        range(max(0, s.first_successes + s.second_successes - s.second_total),
              min(s.first_total, s.first_successes + s.second_successes) + 1)
        for s in strata
    ]  # fmt: skip
    for counts in itertools.product(*ranges):
        ways = Fraction(1)
        for s, count in zip(strata, counts, strict=True):
            together = s.first_successes + s.second_successes
            ways *= Fraction(
                comb(s.first_total, count) * comb(s.second_total, together - count),
                comb(s.first_total + s.second_total, together),
            )
        chances[sum(counts)] = chances.get(sum(counts), Fraction(0)) + ways
    seen = chances[sum(s.first_successes for s in strata)]
    return float(sum(chance for chance in chances.values() if chance <= seen))


@settings(max_examples=60, deadline=None)
@given(st.lists(STRATA, min_size=1, max_size=4))
def test_the_exact_test_equals_listing_all_outcomes(strata: list[Stratum]) -> None:
    assert exact_test(strata) == pytest.approx(enumerated(strata), rel=1e-6)


def test_one_execution_a_side_is_mcnemars_test() -> None:
    strata = [Stratum(1, 1, 0, 1)] * 12 + [Stratum(0, 1, 1, 1)] * 3 + [Stratum(1, 1, 1, 1)] * 20
    assert exact_test(strata) == pytest.approx(binomtest(3, 15).pvalue)


def test_thelarge_sample_test_agrees_with_the_exact_one() -> None:
    strata = [Stratum(130, 300, 160, 310), Stratum(40, 200, 45, 190), Stratum(250, 280, 240, 260)]
    assert large_sample_test(strata) == pytest.approx(exact_test(strata), rel=0.12)
    larger = [Stratum(3000, 6000, 2900, 6000)] * 2
    assert exact_test(larger) == large_sample_test(larger)


def test_satos_variance_on_pairs_is_that_of_paired_proportions() -> None:
    pairs = [Stratum(1, 1, 0, 1)] * 9 + [Stratum(0, 1, 1, 1)] * 4 + [Stratum(0, 1, 0, 1)] * 11
    estimate, variance = sato(pairs)
    difference = (4 - 9) / 24
    assert estimate == pytest.approx(difference)
    assert variance == pytest.approx((13 / 24 - difference**2) / 24)


def test_satos_variance_on_one_large_task_is_nearly_that_of_two_proportions() -> None:
    estimate, variance = sato([Stratum(300, 1000, 450, 1200)])
    assert estimate == pytest.approx(450 / 1200 - 0.3)
    assert variance == pytest.approx(0.3 * 0.7 / 1000 + 0.375 * 0.625 / 1200, rel=0.02)


@settings(max_examples=100, deadline=None)
@given(st.lists(STRATA, min_size=2, max_size=12))
def test_the_estimate_lies_inside_and_swapping_sides_mirrors(strata: list[Stratum]) -> None:
    swapped = [Stratum(s.second_successes, s.second_total, s.first_successes, s.first_total) for s in strata]
    estimate, interval, method = mantel_haenszel(strata)
    mirrored = mantel_haenszel(swapped)
    assert -1 <= interval.low <= estimate + 1e-12
    assert estimate - 1e-12 <= interval.high <= 1
    assert interval.high > interval.low
    assert mirrored[0] == pytest.approx(-estimate)
    assert mirrored[1].low == pytest.approx(-interval.high)
    assert mirrored[1].high == pytest.approx(-interval.low)
    assert mirrored[2] == method


@pytest.mark.parametrize(
    ("tasks", "sizes", "rates", "effect"),
    [
        (2, (20, 20), (0.5, 0.5), 0.0),
        (5, (10, 10), (0.97, 0.97), 0.0),
        (12, (3, 3), (0.05, 0.95), 0.0),
        (30, (1, 1), (0.0, 1.0), 0.0),
        (30, (1, 1), (1.0, 1.0), -0.1),
        (100, (1, 1), (0.3, 0.9), -0.2),
        (8, (2, 9), (0.4, 1.0), -0.3),
        (40, (1, 2), (0.98, 1.0), -0.9),
    ],
)
def test_the_interval_over_tasks_keeps_its_level(
    tasks: int, sizes: tuple[int, int], rates: tuple[float, float], effect: float
) -> None:
    generator = np.random.default_rng([tasks, *sizes])
    first = np.linspace(*rates, tasks)
    second = np.clip(first + effect, 0, 1)
    truth = float((second - first).mean())
    hits = 0
    for _ in range(ROUNDS):
        strata = [
            Stratum(int(a), sizes[0], int(b), sizes[1])
            for a, b in zip(generator.binomial(sizes[0], first), generator.binomial(sizes[1], second), strict=True)
        ]
        _, interval, _ = mantel_haenszel(strata)
        hits += interval.low - 1e-12 <= truth <= interval.high + 1e-12
    # 0.93: how far the score intervals it is built on dip below their level at single points of such small samples.
    assert hits / ROUNDS >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / ROUNDS)


def test_the_exact_test_raises_no_more_false_alarms_than_it_says() -> None:
    generator = np.random.default_rng(7)
    rates = np.linspace(0.05, 0.95, 10)
    alarms = 0
    for _ in range(ROUNDS):
        strata = [
            Stratum(int(a), 3, int(b), 4)
            for a, b in zip(generator.binomial(3, rates), generator.binomial(4, rates), strict=True)
        ]
        alarms += exact_test(strata) <= 0.05
    assert alarms / ROUNDS <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / ROUNDS)


def test_comparing_by_task_is_not_fooled_by_harder_work() -> None:
    easy, hard = (0.9, 0.2)
    strata = [Stratum(round(40 * easy), 40, round(10 * easy), 10), Stratum(round(10 * hard), 10, round(40 * hard), 40)]
    naive = fisher(Stratum(38, 50, 17, 50))
    assert naive < 0.001
    assert exact_test(strata) > 0.9


def test_tasks_with_equal_outcomes_do_not_make_a_difference_certain() -> None:
    difference = compare([Stratum(1, 1, 1, 1), Stratum(0, 1, 0, 1)])
    assert difference is not None
    assert difference.p_value == 1.0
    assert difference.interval.high - difference.interval.low > 1
