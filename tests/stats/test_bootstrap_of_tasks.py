"""Cluster bootstrap: scipy's as second implementation, coverage, the same answer everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from soma.synthesizer.stats import difference_over_tasks, mean_over_tasks

COSTS = [[0.2, 0.3, 0.25], [1.4], [0.1, 0.9], [0.5, 0.5, 0.7, 0.4], [2.2, 1.9], [0.3], [0.6, 0.8], [0.05, 0.1, 0.2]]
WITHIN = [([1.0, 2.0], [2.5]), ([4.0], [9.0, 8.0]), ([1.0, 5.0], [5.0, 2.0]), ([3.0], [3.5]), ([2.0, 2.5], [6.0, 1.0])]


def test_the_mean_is_that_of_all_executions_and_its_interval_scipys_expanded() -> None:
    found = mean_over_tasks(COSTS, repetitions=20_000)
    assert found is not None and found.interval is not None
    assert found.value == pytest.approx(np.mean([value for task in COSTS for value in task]))
    assert found.tasks == len(COSTS)
    above, below = np.array([sum(task) for task in COSTS]), np.array([len(task) for task in COSTS])
    # At the level whose normal quantile is Student's with seven degrees of freedom, times sqrt(8/7).
    expanded = math.erf(2.364624 * math.sqrt(8 / 7) / math.sqrt(2))
    expected = bootstrap(
        (above, below), lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis), paired=True, vectorized=True,
        confidence_level=expanded, n_resamples=20_000, method="BCa", rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert found.interval.low == pytest.approx(expected.low, abs=0.02)
    assert found.interval.high == pytest.approx(expected.high, abs=0.1)


def test_the_difference_is_weighted_as_mantel_and_haenszels() -> None:
    found = difference_over_tasks(WITHIN)
    weights = [2 / 3, 2 / 3, 1, 1 / 2, 1]
    differences = [1.0, 4.5, 0.5, 0.5, 1.25]
    assert found is not None and found.interval is not None
    assert found.value == pytest.approx(np.average(differences, weights=weights))
    assert found.interval.low < found.value < found.interval.high


def test_the_same_data_give_the_same_interval_in_any_order() -> None:
    assert mean_over_tasks(COSTS) == mean_over_tasks(list(reversed(COSTS)))
    assert difference_over_tasks(WITHIN) == difference_over_tasks(WITHIN[2:] + WITHIN[:2])
    np.random.seed(1)
    before = mean_over_tasks(COSTS)
    np.random.seed(2)
    assert mean_over_tasks(COSTS) == before


def test_what_shows_no_spread_of_tasks_has_no_interval() -> None:
    assert mean_over_tasks([]) is None
    assert mean_over_tasks([[], []]) is None
    assert difference_over_tasks([([1.0], []), ([], [2.0])]) is None
    alone, alike = mean_over_tasks([[1.0, 3.0]]), mean_over_tasks([[2.0], [2.0, 2.0], [2.0]])
    assert alone is not None and alike is not None
    assert (alone.value, alone.interval) == (alike.value, alike.interval) == (2.0, None)


def test_a_mean_of_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_over_tasks([[1.0, math.inf]])


@pytest.mark.parametrize(
    ("kind", "tasks", "least"), [("mean", 30, 0.92), ("difference", 12, 0.92), ("difference", 40, 0.92)]
)
def test_whole_tasks_are_drawn_so_that_like_executions_do_not_feign_precision(
    kind: str, tasks: int, least: float
) -> None:
    generator = np.random.default_rng([8, tasks])
    rounds, hits, hits_one_by_one = 400, 0, 0
    for _ in range(rounds):
        level, effect = generator.normal(0, 0.5, (tasks, 1)), generator.normal(0, 0.4, (tasks, 1))
        one = level + generator.normal(0, 0.2, (tasks, 4))
        two = level + effect + generator.normal(0, 0.2, (tasks, 4))
        if kind == "mean":
            found = mean_over_tasks(one.tolist(), repetitions=600)
            alone = mean_over_tasks(one.reshape(-1, 1).tolist(), repetitions=600)
        else:
            found = difference_over_tasks(zip(one.tolist(), two.tolist(), strict=True), repetitions=600)
            pairs = zip(one.reshape(-1, 1).tolist(), two.reshape(-1, 1).tolist(), strict=True)
            alone = difference_over_tasks(pairs, repetitions=600)
        assert found is not None and found.interval is not None
        assert alone is not None and alone.interval is not None
        hits += not found.interval.excludes(0)
        hits_one_by_one += not alone.interval.excludes(0)
    assert hits / rounds >= least - 3 * math.sqrt(least * (1 - least) / rounds)
    assert hits_one_by_one < hits
