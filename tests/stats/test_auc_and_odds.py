"""AUC, odds ratios and the ridge logistic model: equal to second implementations, and right as often as they say."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import mannwhitneyu, nchypergeom_fisher

from soma.synthesizer.stats import Pairs, Seen, concordance, concordance_difference, logistic, odds_ratio, wins

SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=25)


def pairs(failed: list[float], succeeded: list[float]) -> Pairs:
    return Pairs(
        wins(failed, succeeded),
        [f"f{place}" for place, _ in enumerate(failed)],
        [f"s{place}" for place, _ in enumerate(succeeded)],
    )


@given(SCORES, SCORES)
def test_the_auc_is_mann_and_whitneys_u(failed: list[float], succeeded: list[float]) -> None:
    found = concordance([pairs(failed, succeeded)])
    assert found is not None
    expected = mannwhitneyu(failed, succeeded).statistic / (len(failed) * len(succeeded))
    assert found.value == pytest.approx(expected)
    assert found.interval is not None
    assert found.interval.low <= found.value <= found.interval.high


def test_the_spread_is_delongs_where_no_task_repeats() -> None:
    rng = random.Random("delong")
    failed, succeeded = ([rng.gauss(shift, 1) for _ in range(80)] for shift in (0.7, 0.0))
    table = wins(failed, succeeded)
    delong = table.mean(axis=1).var(ddof=1) / 80 + table.mean(axis=0).var(ddof=1) / 80
    found = concordance_difference([pairs(failed, succeeded)])
    assert found is not None
    assert found.interval is not None
    # Student's quantile on 79 degrees of freedom.
    assert (found.interval.high - found.value) / 1.9905 == pytest.approx(math.sqrt(delong), rel=0.01)


def test_something_seen_in_a_few_failures_and_no_success_is_no_finding_by_itself() -> None:
    rare = concordance([pairs([1.0] * 10 + [0.0] * 381, [0.0] * 22)])
    often = concordance([pairs([1.0] * 250 + [0.0] * 141, [0.0] * 22)])
    assert rare is not None
    assert often is not None
    assert rare.p_value > 0.3
    assert often.p_value < 0.001


def test_intervals_of_the_auc_hold_with_repeated_tasks_and_few_of_one_end() -> None:
    rng = random.Random("coverage")
    for tasks, share, repeats in ((60, 0.5, 1), (40, 0.5, 4), (80, 0.12, 1)):
        held = together = 0
        truth = 0.714  # Of two normal variables 0.8 apart: Φ(0.8/√2).
        for _ in range(250):
            sides: tuple[list[tuple[float, str]], list[tuple[float, str]]] = ([], [])
            for task in range(tasks):
                own = rng.gauss(0, math.sqrt(0.5))
                for _ in range(repeats):
                    failed = rng.random() < share
                    score = own + rng.gauss(0.8 * failed, math.sqrt(0.5))
                    sides[failed].append((score, str(task)))
            succeeded, failed_ones = sides
            if len(failed_ones) < 5:
                continue
            found = concordance(
                [
                    Pairs(
                        wins([s for s, _ in failed_ones], [s for s, _ in succeeded]),
                        [t for _, t in failed_ones],
                        [t for _, t in succeeded],
                    )
                ]
            )
            assert found is not None
            assert found.interval is not None
            held += not found.interval.excludes(truth)
            together += 1
        assert held / together >= 0.92, (tasks, share, repeats, held / together)


def test_one_table_has_woolfs_interval_and_the_cross_product() -> None:
    rows = [
        Seen("s", f"{seen}{failed}{place}", seen, failed)
        for seen, failed, many in ((True, True, 12), (True, False, 5), (False, True, 8), (False, False, 15))
        for place in range(many)
    ]
    found = odds_ratio(rows)
    assert found is not None
    assert found.design == 1.0
    assert found.value == pytest.approx(12 * 15 / (5 * 8))
    reach = 1.959964 * math.sqrt(1 / 12 + 1 / 5 + 1 / 8 + 1 / 15)
    assert found.low == pytest.approx(4.5 * math.exp(-reach), rel=1e-5)
    assert found.high == pytest.approx(4.5 * math.exp(reach), rel=1e-5)


def test_where_all_is_on_one_side_the_end_is_that_of_the_exact_distribution() -> None:
    rows = [
        Seen("s", f"{seen}{failed}{place}", seen, failed)
        for seen, failed, many in ((True, True, 6), (False, True, 14), (False, False, 20))
        for place in range(many)
    ]
    found = odds_ratio(rows)
    assert found is not None
    assert (found.value, found.high) == (None, None)
    # Six seen in all, six of them in failures: half the chance of that is 2.5 % at the lower end.
    assert nchypergeom_fisher(40, 20, 6, found.low).pmf(6) / 2 == pytest.approx(0.025, rel=1e-3)


def test_an_odds_ratio_of_one_is_refuted_as_rarely_as_it_says_with_tasks_repeated() -> None:
    rng = random.Random("no relation")
    wrong = 0
    for _ in range(400):
        rows = []
        for task in range(40):
            seen, hard = rng.random() < 0.4, rng.random() < 0.5
            rows += [
                Seen(f"stratum {task % 4}", str(task), seen, rng.random() < (0.9 if hard else 0.2)) for _ in range(3)
            ]
        found = odds_ratio(rows)
        wrong += found is not None and found.p_value < 0.05
    assert wrong / 400 < 0.08


def test_a_ceiling_of_lift_is_none_of_the_odds_ratio() -> None:
    """93 of 100 fail: the largest possible lift is 1.07, and yet something seen in failures only is told apart."""
    rows = [Seen("s", str(place), place < 465, place < 930) for place in range(1000)]
    found = odds_ratio(rows)
    assert found is not None
    assert found.low > 10


@pytest.mark.parametrize("strength", [0.5, 5.0, 200.0])
def test_the_logistic_model_is_the_minimum_another_optimiser_finds(strength: float) -> None:
    generator = np.random.default_rng(11)
    rows = generator.normal(size=(120, 15))
    failed = (generator.random(120) < 1 / (1 + np.exp(-rows[:, 0]))).astype(float)
    penalty = np.full(15, strength)
    weights = generator.uniform(0.5, 2.0, 120)

    def objective(here: np.ndarray) -> float:
        margins = (2 * failed - 1) * (rows @ here)
        return float(np.sum(weights * np.logaddexp(0, -margins)) + 0.5 * np.sum(penalty * here**2))

    mine = logistic(rows, failed, penalty, weights, tolerance=1e-10)
    other = minimize(objective, np.zeros(15), method="BFGS", options={"gtol": 1e-8}).x
    assert mine == pytest.approx(other, abs=2e-5)
    assert objective(mine) <= objective(other) + 1e-9
    warm = logistic(rows, failed, penalty, weights, start=other, tolerance=1e-10)
    assert warm == pytest.approx(mine, abs=1e-6)
