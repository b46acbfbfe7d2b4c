"""Evidence that may be looked at every night: no false alarm beyond the level, whenever one stops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, nchypergeom_fisher

from soma.synthesizer.stats import (
    Interval,
    Stratum,
    confidence_sequence,
    difference_of_sequences,
    difference_sequence,
    e_of_p,
    e_process,
    e_process_over_tasks,
    p_of_e,
    running,
    wilson,
)
from soma.synthesizer.stats.e_values import log_e_process

WORLDS, LOOKS, A_NIGHT = 2000, 60, 5
LIMIT = 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS)


def nights(rate: float, other: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng([60, round(1000 * rate), round(1000 * other)])
    return generator.binomial(A_NIGHT, rate, (LOOKS, WORLDS)), generator.binomial(A_NIGHT, other, (LOOKS, WORLDS))


def ever_different_by_a_fixed_test(x: np.ndarray, y: np.ndarray) -> float:
    many = A_NIGHT * np.arange(1, LOOKS + 1)[:, None]
    middle = (x.cumsum(0) + y.cumsum(0)) / (2 * many)
    spread = np.sqrt(np.maximum(2 * middle * (1 - middle) / many, 1e-12))
    return float((np.abs(y.cumsum(0) - x.cumsum(0)) / many / spread > 1.96).any(axis=0).mean())


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9])
def test_sixty_looks_at_equal_arms_raise_fewer_than_five_false_alarms_in_a_hundred(rate: float) -> None:
    x, y = nights(rate, rate)
    alarms = (log_e_process(x, A_NIGHT, y, A_NIGHT) >= math.log(20)).any(axis=0)
    assert alarms.mean() < 0.05


def test_a_fixed_test_looked_at_for_sixty_nights_is_wrong_in_a_third_of_worlds() -> None:
    assert ever_different_by_a_fixed_test(*nights(0.5, 0.5)) == pytest.approx(0.33, abs=0.04)


def test_a_real_difference_is_found_while_looking() -> None:
    x, y = nights(0.5, 0.7)
    assert (log_e_process(x, A_NIGHT, y, A_NIGHT) >= math.log(20)).any(axis=0).mean() > 0.85


def test_sixty_looks_over_unequal_tasks_raise_few_false_alarms() -> None:
    generator = np.random.default_rng(61)
    rates = np.array([0.1, 0.5, 0.95])
    worlds, alarms = 500, 0
    # One arm has the hard tasks more often; within tasks there is no difference.
    for _ in range(worlds):
        x = generator.binomial([3, 2, 1], rates, (LOOKS, 3)).tolist()
        y = generator.binomial([1, 2, 3], rates, (LOOKS, 3)).tolist()
        looks = [
            [Stratum(a[0], 3, b[0], 1), Stratum(a[1], 2, b[1], 2), Stratum(a[2], 1, b[2], 3)]
            for a, b in zip(x, y, strict=True)
        ]
        alarms += max(e_process_over_tasks(looks)) >= 20
    assert alarms / worlds < 0.05


def test_over_tasks_a_difference_is_found_while_looking() -> None:
    generator = np.random.default_rng(62)
    found = 0
    for _ in range(100):
        x, y = generator.binomial(5, 0.5, LOOKS).tolist(), generator.binomial(5, 0.7, LOOKS).tolist()
        found += max(e_process_over_tasks([[Stratum(a, 5, b, 5)] for a, b in zip(x, y, strict=True)])) >= 20
    assert found > 85


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 1), (2, 5)])
@pytest.mark.parametrize("gap", [0.0, 0.3, -0.6])
def test_a_block_is_worth_at_most_one_on_average_whatever_was_learned(m: int, n: int, gap: float) -> None:
    for past in (Stratum(0, 0, 0, 0), Stratum(3, 4, 0, 6), Stratum(0, 9, 9, 9), Stratum(7, 9, 5, 9)):
        before = e_process([past], gap)[-1] if past.first_total else 1.0
        for rate in np.linspace(max(0, -gap), min(1, 1 - gap), 41):
            worth = 0.0
            for x, y in itertools.product(range(m + 1), range(n + 1)):
                chance = binom.pmf(x, m, rate) * binom.pmf(y, n, min(1.0, max(0.0, rate + gap)))
                worth += float(chance) * e_process([past, Stratum(x, m, y, n)], gap)[-1] / before
            assert worth <= 1 + 1e-9


@pytest.mark.parametrize(("m", "n", "successes"), [(1, 1, 1), (5, 3, 4), (10, 10, 7)])
def test_a_block_over_tasks_is_worth_one_on_average_given_its_successes(m: int, n: int, successes: int) -> None:
    worth = 0.0
    for y in range(max(0, successes - m), min(n, successes) + 1):
        chance = math.comb(m, successes - y) * math.comb(n, y) / math.comb(m + n, successes)
        worth += chance * e_process_over_tasks([[Stratum(successes - y, m, y, n)]])[-1]
    assert worth == pytest.approx(1)


def test_the_worth_over_tasks_is_scipys_noncentral_hypergeometric() -> None:
    bets = np.linspace(-4, 4, 33)
    weights = np.exp(-(bets**2) / (2 * 1.25**2))
    weights /= weights.sum()
    blocks = [Stratum(2, 6, 5, 7), Stratum(1, 3, 3, 3)]
    worth = weights.copy()
    for b in blocks:
        together, total = b.first_successes + b.second_successes, b.first_total + b.second_total
        none = nchypergeom_fisher(total, b.second_total, together, 1.0).pmf(b.second_successes)
        worth *= [
            nchypergeom_fisher(total, b.second_total, together, math.exp(bet)).pmf(b.second_successes) / none
            for bet in bets
        ]
    assert e_process_over_tasks([blocks])[-1] == pytest.approx(float(worth.sum()), rel=1e-6)


def test_by_hand_the_second_block_bets_on_what_the_first_showed() -> None:
    first, second = 0.18 / 1.36, 1.18 / 1.36
    expected = (1 - first) * second / 0.25
    assert e_process([Stratum(0, 1, 1, 1)] * 2) == pytest.approx([1.0, expected])


def test_one_sided_nights_teach_but_do_not_bet() -> None:
    path = e_process([Stratum(0, 5, 0, 0), Stratum(0, 0, 5, 5), Stratum(0, 5, 5, 5)])
    assert path[:2] == [1.0, 1.0]
    assert path[2] > e_process([Stratum(0, 5, 5, 5)])[0]
    assert e_process_over_tasks([[Stratum(2, 5, 0, 0)], [Stratum(5, 5, 5, 5)]]) == pytest.approx([1.0, 1.0])
    assert e_process([]) == e_process_over_tasks([]) == []
    assert difference_sequence([]) == []


@pytest.mark.parametrize("rate", [0.01, 0.5, 0.93])
def test_the_sequence_holds_the_rate_on_all_nights_at_once(rate: float) -> None:
    x, _ = nights(rate, rate)
    missed, missed_fixed = np.zeros(WORLDS, dtype=bool), np.zeros(WORLDS, dtype=bool)
    for night, sums in enumerate(x.cumsum(0)):
        many = A_NIGHT * (night + 1)
        for seen in np.unique(sums).tolist():
            missed[sums == seen] |= confidence_sequence(seen, many).excludes(rate)
            missed_fixed[sums == seen] |= wilson(seen / many, many).excludes(rate)
    assert missed.mean() <= LIMIT
    assert missed_fixed.mean() > 0.2


@pytest.mark.parametrize(("rate", "other"), [(0.5, 0.5), (0.5, 0.8), (0.98, 0.9), (0.02, 0.02)])
def test_the_sequence_holds_the_difference_on_all_nights_at_once(rate: float, other: float) -> None:
    x, y = nights(rate, other)
    evidence = log_e_process(x, A_NIGHT, y, A_NIGHT, other - rate)
    assert (evidence >= math.log(20)).any(axis=0).mean() <= LIMIT
    for world in range(8):
        blocks = [Stratum(a, A_NIGHT, b, A_NIGHT) for a, b in zip(x[:, world], y[:, world], strict=True)]
        last = difference_sequence(blocks)[-1]
        assert (other - rate < last.low or other - rate > last.high) <= (evidence[:, world].max() >= math.log(20))
        total = Stratum(int(x[:, world].sum()), 300, int(y[:, world].sum()), 300)
        union = difference_of_sequences(total)
        assert last.high - last.low < union.high - union.low


@pytest.mark.parametrize(("successes", "total"), [(0, 4), (3, 10), (10, 10), (120, 300)])
def test_the_ends_are_where_the_bet_on_all_rates_has_won_twenty(successes: int, total: int) -> None:
    found = confidence_sequence(successes, total)
    mixture = quad(lambda p: binom.pmf(successes, total, p), 0, 1, points=[successes / total])[0]
    for end in {found.low, found.high} - {0.0, 1.0}:
        assert mixture / binom.pmf(successes, total, end) == pytest.approx(20, rel=1e-5)
    assert found.low <= successes / total <= found.high


@given(st.integers(1, 400), st.data())
def test_looking_every_night_costs_width_and_sides_mirror(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    found, mirrored = confidence_sequence(successes, total), confidence_sequence(total - successes, total)
    fixed = wilson(successes / total, total)
    assert found.low <= fixed.low + 1e-12
    assert fixed.high <= found.high + 1e-12
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-9)


def test_nothing_observed_is_compatible_with_everything() -> None:
    assert confidence_sequence(0, 0) == Interval(0.0, 1.0)
    assert difference_of_sequences(Stratum(0, 0, 0, 0)) == Interval(-1.0, 1.0)
    assert difference_sequence([Stratum(0, 0, 3, 4)])[-1] == Interval(-1.0, 1.0)


def test_what_was_ruled_out_once_stays_ruled_out() -> None:
    looks = [Interval(0.1, 0.6), Interval(0.2, 0.8), Interval(0.0, 0.5), Interval(0.7, 0.9)]
    assert running(looks) == [Interval(0.1, 0.6), Interval(0.2, 0.6), Interval(0.2, 0.5), Interval(0.2, 0.5)]
    assert running([]) == []


def test_calibrated_p_values_are_worth_one_on_average() -> None:
    worth = quad(lambda t: e_of_p(math.exp(-t)) * math.exp(-t), 0, 700, limit=500)[0]
    # The rest lies beyond: the integral from 0 to exp(-T) is 1 / T less what is negligible.
    assert worth + 1 / 700 == pytest.approx(1, abs=1e-4)
    assert e_of_p(1.0) == pytest.approx(0.5)
    assert e_of_p(0.0) == math.inf
    assert e_of_p(1 - 1e-3 - 1e-9) == pytest.approx(e_of_p(1 - 1e-3 + 1e-7), rel=1e-5)


@given(st.floats(1e-12, 1))
def test_there_and_back_an_e_value_loses(p_value: float) -> None:
    assert p_of_e(e_of_p(p_value)) >= p_value
    assert e_of_p(p_value) <= e_of_p(p_value / 2)


def test_what_is_no_p_value_e_value_or_difference_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        e_of_p(1.5)
    with pytest.raises(ValueError, match="from 0 on"):
        p_of_e(-1)
    with pytest.raises(ValueError, match="between -1 and 1"):
        e_process([Stratum(1, 2, 1, 2)], 1.5)
