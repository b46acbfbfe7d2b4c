"""Power and detectable differences against simulation; "alike" against its error rate, exactly added up."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from soma.synthesizer.stats import (
    Planned,
    Stratum,
    boschloo,
    compare,
    detectable,
    detectable_over_tasks,
    equivalence,
    mid_p_test,
    needed_per_side,
    newcombe,
    power,
    power_over_tasks,
)

ROUNDS = 2500


def test_the_power_is_the_share_of_worlds_in_which_the_difference_is_found() -> None:
    generator = np.random.default_rng(21)
    for rate, other, m, n in ((0.5, 0.8, 30, 30), (0.3, 0.6, 20, 45)):
        x, y = generator.binomial(m, rate, ROUNDS).tolist(), generator.binomial(n, other, ROUNDS).tolist()
        found = np.mean([boschloo(Stratum(a, m, b, n)) <= 0.05 for a, b in zip(x, y, strict=True)])
        assert found == pytest.approx(power(rate, other, m, n), abs=3 * math.sqrt(0.25 / ROUNDS))


def test_the_power_without_a_difference_is_at_most_the_level_and_grows_with_it() -> None:
    assert power(0.4, 0.4, 25, 25) <= 0.05
    grown = [power(0.4, 0.4 + gap, 25, 25) for gap in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert grown == sorted(grown)
    assert power(0.4, 0.9, 0, 25) == 0.0
    assert power(0.5, 0.55, 5000, 5000) == pytest.approx(0.9988, abs=0.001)


def test_the_known_size_has_about_the_power_it_was_chosen_for() -> None:
    for rate, effect in ((0.8, 0.3), (0.5, 0.2), (0.95, 0.2)):
        many = needed_per_side(rate, effect)
        assert power(rate, rate - effect, many, many) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(("rate", "m", "n"), [(0.5, 30, 30), (0.9, 40, 20), (0.05, 100, 100)])
def test_the_detectable_difference_is_just_found(rate: float, m: int, n: int) -> None:
    gap = detectable(rate, m, n)
    assert gap is not None
    other = rate - gap if rate > gap else rate + gap
    assert power(rate, other, m, n) == pytest.approx(0.8, abs=1e-6)


def test_too_few_executions_find_nothing() -> None:
    assert detectable(0.5, 3, 3) is None
    assert detectable_over_tasks([Planned(0.5, 1, 1)]) is None
    assert detectable_over_tasks([]) is None
    assert power_over_tasks([Planned(0.5, 0, 3)], 0.3) == 0.0


@pytest.mark.parametrize(
    ("rates", "m", "n", "effect"),
    [
        (np.linspace(0.05, 0.95, 10), 3, 4, 0.3),
        (np.linspace(0.1, 0.9, 30), 1, 1, -0.3),
        (np.linspace(0.1, 0.9, 8), 2, 9, 0.3),
        (np.array([0.4, 0.7]), 15, 15, -0.3),
    ],
)
def test_the_power_over_tasks_is_about_what_is_found(rates: np.ndarray, m: int, n: int, effect: float) -> None:
    generator = np.random.default_rng([22, len(rates), m])
    x = generator.binomial(m, rates, (ROUNDS, len(rates))).tolist()
    y = generator.binomial(n, np.clip(rates + effect, 0, 1), (ROUNDS, len(rates))).tolist()
    found = np.mean(
        [
            mid_p_test([Stratum(a, m, b, n) for a, b in zip(one, other, strict=True)]) <= 0.05
            for one, other in zip(x, y, strict=True)
        ]
    )
    planned = [Planned(float(rate), m, n) for rate in rates]
    # The normal approximation is off by three points at most in such designs, above 80 executions.
    assert power_over_tasks(planned, effect) == pytest.approx(found, abs=0.03 + 3 * math.sqrt(0.25 / ROUNDS))
    gap = detectable_over_tasks(planned)
    assert gap is not None
    assert power_over_tasks(planned, -gap) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("level", [0.95, 0.90])
@pytest.mark.parametrize("many", [40, 100, 250])
def test_alike_is_wrongly_said_in_about_half_of_what_the_level_leaves(many: int, level: float) -> None:
    rates = np.linspace(0, 0.9, 91)
    said = np.zeros((many + 1, many + 1))
    for x, y in itertools.product(range(many + 1), repeat=2):
        if abs(x - y) <= 0.1 * many:
            said[x, y] = newcombe(x / many, many, y / many, many, level).within(0.1)
    first, second = (binom.pmf(np.arange(many + 1)[None, :], many, p[:, None]) for p in (rates, rates + 0.1))
    wrong = ((first @ said) * second).sum(axis=1)
    # Newcombe's interval keeps its level on average to a thousandth, and dips below it by about one point.
    assert wrong.mean() <= (1 - level) / 2 + 0.001
    assert wrong.max() <= (1 - level) / 2 + 0.012


@pytest.mark.parametrize(
    "strata",
    [
        [Stratum(90, 100, 91, 100)],
        [Stratum(60, 100, 75, 100)],
        [Stratum(140, 300, 151, 300)],
        [Stratum(3, 5, 3, 5)],
        [Stratum(40, 60, 44, 62), Stratum(9, 50, 11, 60), Stratum(100, 102, 99, 103)],
    ],
)
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_the_word_the_interval_and_the_p_value_agree(strata: list[Stratum], level: float) -> None:
    found, difference = equivalence(strata, 0.1, level), compare(strata, level)
    assert found is not None and difference is not None
    assert found.interval == difference.interval
    assert found.alike == difference.interval.within(0.1) == (found.p_value <= (1 - level) / 2)


def test_equivalence_needs_a_shared_task_and_a_margin() -> None:
    assert equivalence([Stratum(0, 0, 1, 2)], 0.1) is None
    with pytest.raises(ValueError, match="margin"):
        equivalence([Stratum(1, 2, 1, 2)], 0.0)


def test_a_rate_beyond_one_has_no_power() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        power(0.5, 1.2, 10, 10)
