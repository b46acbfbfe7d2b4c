"""Miettinen-Nurminen and the exact interval: published figures, numeric optima, coverage added up exactly."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlog1py, xlogy
from scipy.stats import binom

from soma.synthesizer.stats import Interval, Stratum, chan_zhang, miettinen_nurminen, newcombe
from soma.synthesizer.stats.score import constrained_rate, score


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0528, 0.3382),
        ((9, 10), (3, 10), 0.1700, 0.8406),
        ((6, 7), (2, 7), 0.0342, 0.8534),
        ((5, 56), (0, 29), -0.0326, 0.1933),
        ((0, 10), (0, 10), -0.2879, 0.2879),
    ],
)
def test_the_interval_is_that_of_newcombes_table(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = miettinen_nurminen(Stratum(*other, *one))
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1), st.floats(0, 1), st.floats(-0.99, 0.99))
def test_the_constrained_rate_is_the_most_likely_one(m: int, n: int, one: float, other: float, gap: float) -> None:
    x, y = round(one * m), round(other * n)

    def unlikely(rate: float) -> float:
        second = min(1.0, max(0.0, rate + gap))
        return -float(xlogy(x, rate) + xlog1py(m - x, -rate) + xlogy(y, second) + xlog1py(n - y, -second))

    low, high = max(0.0, -gap), min(1.0, 1 - gap)
    best = minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    found = float(constrained_rate(x, m, y, n, gap))
    assert low <= found <= high
    assert unlikely(found) <= min(best.fun, unlikely(low), unlikely(high)) + 1e-6


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_the_ends_are_where_the_score_reaches_its_quantile_and_mirror(m: int, n: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, m)), data.draw(st.integers(0, n))
    found, mirrored = miettinen_nurminen(Stratum(x, m, y, n)), miettinen_nurminen(Stratum(y, n, x, m))
    assert -1 <= found.low <= y / n - x / m <= found.high <= 1
    assert mirrored.low == pytest.approx(-found.high, abs=1e-6)
    for end in (found.low, found.high):
        if -1 < end < 1:
            assert abs(float(score(x, m, y, n, end))) == pytest.approx(1.959964, abs=1e-3)


def coverage(m: int, n: int, make: Callable[[Stratum], Interval], rates: np.ndarray) -> np.ndarray:
    first, second = (np.asarray(binom.pmf(np.arange(total + 1)[None, :], total, rates[:, None])) for total in (m, n))
    truth = rates[None, :] - rates[:, None]
    covered: np.ndarray = np.zeros_like(truth)
    for x, y in itertools.product(range(m + 1), range(n + 1)):
        found = make(Stratum(x, m, y, n))
        inside = (found.low - 1e-9 <= truth) & (truth <= found.high + 1e-9)
        covered += first[:, x][:, None] * second[:, y][None, :] * inside
    return covered


RATES = np.array([0.001, 0.01, 0.03, 0.06, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.94, 0.97, 0.99, 0.999])


@pytest.mark.parametrize(("m", "n"), [(5, 5), (10, 10), (20, 20), (6, 15)])
def test_differences_keep_their_level_on_average_also_near_the_ends(m: int, n: int) -> None:
    even = np.linspace(0.02, 0.98, 25)

    def hybrid(s: Stratum) -> Interval:
        return newcombe(s.first_successes / m, m, s.second_successes / n, n, 0.95)

    for make, least in ((hybrid, 0.84), (miettinen_nurminen, 0.84)):
        assert coverage(m, n, make, even).mean() >= 0.95
        assert coverage(m, n, make, RATES).min() >= least


@pytest.mark.parametrize(("m", "n"), [(3, 3), (4, 7), (8, 8)])
def test_the_exact_interval_keeps_its_level_at_every_pair_of_rates(m: int, n: int) -> None:
    assert coverage(m, n, chan_zhang, RATES).min() >= 0.95
    assert coverage(m, n, chan_zhang, np.linspace(0.02, 0.98, 25)).min() >= 0.95


def test_the_exact_interval_holds_the_estimate_and_mirrors() -> None:
    for x, y in ((0, 0), (10, 0), (4, 9), (0, 12)):
        found, mirrored = chan_zhang(Stratum(x, 10, y, 12)), chan_zhang(Stratum(y, 12, x, 10))
        assert -1 <= found.low <= y / 12 - x / 10 <= found.high <= 1
        assert mirrored.low == pytest.approx(-found.high, abs=1e-6)


def test_no_executions_no_interval_and_too_many_are_refused() -> None:
    for make in (miettinen_nurminen, chan_zhang):
        with pytest.raises(ValueError, match="both sides"):
            make(Stratum(0, 0, 1, 2))
    with pytest.raises(ValueError, match="300 a side"):
        chan_zhang(Stratum(1, 3000, 1, 3000))
