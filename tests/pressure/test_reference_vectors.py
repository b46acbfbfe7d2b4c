"""EMA, z, σ_clamp and the blend against exact arithmetic and values worked out by hand."""

from __future__ import annotations

import math
import random
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma.pressure.aggregate import blend, signal_pressure
from soma.pressure.arithmetic import C_LOG_C, EXPONENTIALS, SCALE, entropy, octaves, sigma_clamp
from soma.pressure.baseline import Baseline
from soma.pressure.constants import ALPHA, CLIP, COLD_START, DEFAULTS, FLOORS


def exact_sigma(x: float) -> Decimal:
    with localcontext() as context:
        context.prec = 40
        return 1 / (1 + (Decimal(3) - Decimal(x)).exp())


def test_sigma_clamp_at_its_corners() -> None:
    assert sigma_clamp(0.0) == sigma_clamp(-1e9) == sigma_clamp(float("nan")) == 0.0
    assert sigma_clamp(math.nextafter(6.0, 7.0)) == sigma_clamp(float("inf")) == 1.0
    assert sigma_clamp(3.0) == 0.5
    # The jumps the formula has: S(0+) = 0.0474, S(6) = 0.9526.
    assert round(sigma_clamp(1e-300), 4) == 0.0474
    assert round(sigma_clamp(6.0), 4) == 0.9526


def test_sigma_clamp_agrees_with_exact_arithmetic() -> None:
    random_ = random.Random(3)
    points = [index / 8 for index in range(1, 49)] + [random_.uniform(0, 6) for _ in range(5_000)]
    assert max(abs(Decimal(sigma_clamp(x)) - exact_sigma(x)) for x in points) < Decimal("1e-14")


@given(st.floats(0, 6), st.floats(0, 6))
def test_sigma_clamp_rises(a: float, b: float) -> None:
    low, high = sorted((a, b))
    # Across the seam of two table entries the last bits may differ, never more.
    assert sigma_clamp(low) <= sigma_clamp(high) + 1e-14


def test_the_table_of_exponentials_is_correctly_rounded() -> None:
    with localcontext() as context:
        context.prec = 50
        assert [float((Decimal(3) - Decimal(i) / 8).exp()) for i in range(49)] == list(EXPONENTIALS)


def test_octaves_are_exact_at_powers_of_two_and_near_the_logarithm_between() -> None:
    assert [octaves(2.0**n - 1) for n in range(40)] == list(range(40))
    assert max(abs(octaves(x) - math.log2(1 + x)) for x in range(1, 50_000)) < 0.0862
    assert all(octaves(x) < octaves(x + 1) for x in range(50_000))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5).filter(lambda counts: 2 <= sum(counts) <= 10))
def test_entropy_is_shannons_over_its_maximum(counts: list[int]) -> None:
    total = sum(counts)
    told = entropy(sum(C_LOG_C[count] for count in counts), total)
    shannon = -sum(count / total * math.log2(count / total) for count in counts) / math.log2(total)
    assert told == pytest.approx(shannon, abs=1e-11)
    assert all(abs(C_LOG_C[c] / SCALE - c * math.log2(c)) < 1e-12 for c in range(1, 11))


def test_the_moving_average_by_hand() -> None:
    baseline = Baseline()
    baseline.learn(1.0)
    assert (baseline.mean, baseline.variance, baseline.count) == (1.0, 0.0, 1)
    baseline.learn(2.0)
    # value' = 0.08 · 2 + 0.92 · 1; var' = 0.08 · (2 - 1)² + 0.92 · 0
    assert (baseline.mean, baseline.variance) == pytest.approx((1.08, 0.08))
    baseline.learn(0.0)
    assert (baseline.mean, baseline.variance) == pytest.approx((0.9936, 0.08 * 1.08**2 + 0.92 * 0.08))


def test_the_moving_average_against_exact_fractions() -> None:
    random_ = random.Random(5)
    values = [random_.uniform(0, 1) for _ in range(300)]
    baseline = Baseline()
    alpha, mean, variance = Fraction(ALPHA), Fraction(values[0]), Fraction(0)
    for number, value in enumerate(values):
        baseline.learn(value)
        if number:
            variance = alpha * (Fraction(value) - mean) ** 2 + (1 - alpha) * variance
            mean = alpha * Fraction(value) + (1 - alpha) * mean
            # Bounded denominators keep the exact arithmetic fast; 1e-30 is far below what is asserted.
            mean, variance = mean.limit_denominator(10**15), variance.limit_denominator(10**15)
    assert baseline.mean == pytest.approx(float(mean), abs=1e-13)
    assert baseline.variance == pytest.approx(float(variance), abs=1e-13)
    assert baseline.count == COLD_START


def test_a_young_baseline_is_blended_with_the_default() -> None:
    baseline = Baseline(mean=0.5, variance=0.04, count=3)
    assert baseline.expected(0.1) == pytest.approx(0.3 * 0.5 + 0.7 * 0.1)
    assert baseline.expected(None) == 0.5
    assert Baseline(0.5, 0.04, COLD_START).expected(0.1) == 0.5
    assert Baseline().expected(0.1) == 0.1


def test_a_deviation_has_a_floor() -> None:
    assert Baseline(0.0, 0.04, 10).spread(0.05) == 0.2
    assert Baseline(0.0, 0.0001, 10).spread(0.05) == 0.05


def test_z_goes_through_sigma() -> None:
    old = Baseline(mean=0.2, variance=0.01, count=10)
    assert signal_pressure(0.5, old, 0.05, 0.02) == pytest.approx(0.5)
    assert signal_pressure(0.2, old, 0.05, 0.02) == 0.0
    assert signal_pressure(0.81, old, 0.05, 0.02) == 1.0
    # Without a natural default a baseline of 4 speaks with 4 tenths of its voice.
    assert signal_pressure(0.5, Baseline(0.2, 0.01, 4), None, 0.02) == pytest.approx(0.2)


def test_the_blend_of_mean_and_maximum() -> None:
    assert blend([1.0, 0.0, 0.0, 0.0, 0.0]) == pytest.approx(0.44)
    assert blend([1.0, 1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.58)
    assert blend([0.5, 0.1, 0.2, 0.3, 0.4]) == pytest.approx(0.7 * 0.3 + 0.3 * 0.5)
    assert blend([0.0] * 5) == 0.0
    assert blend([1.0] * 5) == pytest.approx(1.0)


def test_one_spike_is_learned_no_further_than_the_clip() -> None:
    baseline = Baseline(mean=0.1, variance=0.0, count=10)
    baseline.learn_calmly(1.0, 0.05)
    assert baseline.mean == pytest.approx(ALPHA * (0.1 + CLIP * 0.05) + (1 - ALPHA) * 0.1)


def test_a_new_level_is_learned_in_the_end() -> None:
    baseline = Baseline(mean=0.0, variance=0.0, count=10)
    pressures = []
    for _ in range(60):
        pressures.append(signal_pressure(1.0, baseline, DEFAULTS[0], FLOORS[0]))
        baseline.learn_calmly(1.0, FLOORS[0])
    assert pressures[0] == 1.0
    assert pressures[-1] < 0.3
