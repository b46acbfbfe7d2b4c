"""Changes over time: looked at after every run, false alarms stay rare; real changes are found and dated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import kstest, ranksums

from soma.synthesizer.stats.change_point import (
    ratio_of_sizes,
    share_evidence,
    share_moment,
    share_ranks,
    size_evidence,
    size_moment,
    size_ranks,
    watched,
)

ALPHA = 0.05
RUNS_A_NIGHT = 2
NIGHTS = 60
WORLDS = 2000


def path(values: Sequence[float], strata: Sequence[str], generator: np.random.Generator) -> np.ndarray:
    """Log evidence after each run; of a share when the values are truths."""
    ties = generator.random(len(values)).tolist()
    if isinstance(values[0], bool):
        return share_evidence(share_ranks([bool(value) for value in values], strata, ties))
    return size_evidence(size_ranks(values, strata, ties))


def alarm(values: Sequence[float], strata: Sequence[str], generator: np.random.Generator) -> int | None:
    """The first night whose look finds enough evidence."""
    over = path(values, strata, generator)[RUNS_A_NIGHT - 1 :: RUNS_A_NIGHT] >= -math.log(ALPHA)
    return int(np.argmax(over)) if over.any() else None


def most_alarms(worlds: int) -> float:
    """The share of worlds with an alarm that a true rate of ``ALPHA`` exceeds in one test of a thousand only."""
    return ALPHA + 3.1 * math.sqrt(ALPHA * (1 - ALPHA) / worlds)


@pytest.mark.parametrize("rate", [0.5, 0.95])
def test_a_look_every_night_for_sixty_nights_raises_few_false_alarms(rate: float) -> None:
    generator = np.random.default_rng(60)
    runs = NIGHTS * RUNS_A_NIGHT
    alarms = sum(
        alarm((generator.random(runs) < rate).tolist(), ["one"] * runs, generator) is not None for _ in range(WORLDS)
    )
    assert alarms / WORLDS <= ALPHA
    # It is not by saying nothing at all.
    assert alarms


def test_a_fixed_test_looked_at_every_night_raises_many() -> None:
    generator = np.random.default_rng(61)
    alarms = 0
    worlds = 60
    for _ in range(worlds):
        values = generator.lognormal(size=NIGHTS * RUNS_A_NIGHT)
        halves = ((values[: night // 2], values[night // 2 : night]) for night in range(20, len(values) + 1, 2))
        alarms += any(ranksums(first, second).pvalue < ALPHA for first, second in halves)
    assert alarms / worlds > 0.2


def test_durations_raise_few_false_alarms_either() -> None:
    generator = np.random.default_rng(62)
    runs = NIGHTS * RUNS_A_NIGHT
    alarms = sum(
        alarm(generator.lognormal(size=runs).tolist(), ["one"] * runs, generator) is not None for _ in range(WORLDS)
    )
    assert alarms / WORLDS <= ALPHA


@pytest.mark.parametrize("kind", ["share", "size"])
def test_harder_tasks_that_come_later_are_not_a_change(kind: str) -> None:
    generator = np.random.default_rng(63)
    runs, worlds = NIGHTS * RUNS_A_NIGHT, 500
    within = across = 0
    for _ in range(worlds):
        hard = generator.random(runs) < np.where(np.arange(runs) < 50, 0.1, 0.9)
        values = (
            (generator.random(runs) < np.where(hard, 0.3, 0.9)).tolist()
            if kind == "share"
            else (generator.lognormal(size=runs) * np.where(hard, 5.0, 1.0)).tolist()
        )
        within += alarm(values, np.where(hard, "hard", "easy").tolist(), generator) is not None
        across += alarm(values, ["one"] * runs, generator) is not None
    assert within / worlds <= most_alarms(worlds)
    assert across / worlds > 0.5


def test_ranks_of_like_runs_are_uniform_and_independent_whatever_the_tasks() -> None:
    generator = np.random.default_rng(64)
    strata = generator.integers(0, 4, 4000)
    happened = (generator.random(4000) < strata / 4).tolist()
    for ranks in (
        share_ranks(happened, strata.astype(str).tolist(), generator.random(4000).tolist()),
        size_ranks((generator.lognormal(size=4000) * (1 + strata)).tolist(), strata.astype(str).tolist(),
                   generator.random(4000).tolist()),
    ):  # fmt: skip
        assert np.isnan(ranks).sum() == 4
        known = ranks[~np.isnan(ranks)]
        assert kstest(known, "uniform").pvalue > 0.001
        assert abs(np.corrcoef(known[1:], known[:-1])[0, 1]) < 3.3 / math.sqrt(len(known))


def test_ranks_are_those_counted_by_hand() -> None:
    ranks = size_ranks([5.0, 7.0, 6.0, 6.0, 1.0], ["a", "a", "a", "a", "b"], [0.5] * 5)
    assert ranks[1:4] == pytest.approx([1.5 / 2, 1.5 / 3, 2 / 4])
    assert np.isnan(ranks[[0, 4]]).all()
    shares = share_ranks([True, False, True, False], ["a"] * 4, [0.5] * 4)
    assert shares[1:] == pytest.approx([1.5 / 2, 1 / 3, 3 / 4])


def test_evidence_is_the_sum_over_all_beginnings_and_bets() -> None:
    ranks = np.array([np.nan, 0.9, 0.2, 0.99, 0.97])
    known = ranks[1:]
    powers = [1.5, 2.5, 5.0]
    sides = [[(power, rank), (power, 1 - rank)] for power in powers for rank in known]
    rows = [[power * u ** (power - 1) for power, u in pair] for pair in sides]
    bets = [[rows[4 * place + run][side] for run in range(4)] for place in range(3) for side in range(2)]
    found = np.exp(size_evidence(ranks))
    assert found[0] == pytest.approx(1)
    for count in range(1, 5):
        total = 50 / (count + 50)
        for begin in range(1, count + 1):
            weight = 50 / ((begin + 50) * (begin + 49))
            gains = [math.prod(bet[begin - 1 : count]) for bet in bets]
            total += weight * sum(gains) / len(bets)
        assert found[count] == pytest.approx(total)


def test_a_run_without_a_peer_tells_nothing() -> None:
    assert share_evidence(share_ranks([True, False, True], ["a", "b", "c"], [0.1, 0.2, 0.3])) == pytest.approx(
        [0, 0, 0]
    )


@pytest.mark.parametrize(
    ("before", "after", "runs", "found", "delay"),
    # Of changes of a failure rate from 10 %: how many are seen within 150 runs, and half of them after how many.
    [(0.1, 0.6, 100, 0.95, 30), (0.1, 0.4, 100, 0.75, 60)],
)
def test_a_change_of_a_share_is_seen_soon_and_dated(
    before: float, after: float, runs: int, found: float, delay: float
) -> None:
    generator = np.random.default_rng(65)
    delays, dated, worlds = [], 0, 150
    for _ in range(worlds):
        happened = np.r_[generator.random(runs) < before, generator.random(150) < after].tolist()
        over = (path(happened, ["one"] * len(happened), generator) >= -math.log(ALPHA)).nonzero()[0]
        if len(over) and over[0] >= runs:
            delays.append(int(over[0]) - runs + 1)
            moment = share_moment(happened, ["one"] * len(happened), 0.95)
            assert moment.earliest <= moment.likely <= moment.latest
            dated += moment.earliest <= runs <= moment.latest
    assert len(delays) / worlds >= found
    assert np.median(delays) <= delay
    assert dated / len(delays) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / len(delays))


def test_a_change_of_durations_is_seen_and_dated_over_tasks_of_unlike_length() -> None:
    generator = np.random.default_rng(66)
    seen = dated = 0
    worlds = 100
    for _ in range(worlds):
        task = generator.integers(0, 3, 250)
        values = generator.lognormal(size=250, sigma=0.5) * 10.0**task * np.where(np.arange(250) < 100, 1, 2)
        strata = task.astype(str).tolist()
        over = (path(values.tolist(), strata, generator) >= -math.log(ALPHA)).nonzero()[0]
        seen += len(over) > 0 and over[0] >= 100
        moment = size_moment(values.tolist(), strata, 0.95)
        dated += moment.earliest <= 100 <= moment.latest
    assert seen >= 0.95 * worlds
    assert dated / worlds >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / worlds)


def test_the_watch_begins_anew_after_an_alarm() -> None:
    generator = np.random.default_rng(67)
    happened = [False] * 60 + [True] * 60 + [False] * 60
    ties = generator.random(180).tolist()
    found = watched(
        lambda start: share_evidence(share_ranks(happened[start:], ["one"] * (180 - start), ties[start:])), 180, ALPHA
    )
    alarms = [stretch.alarm for stretch in found]
    assert alarms[-1] is None
    assert len(alarms) == 3
    first, second = alarms[0], alarms[1]
    assert first is not None and 60 <= first < 80
    assert second is not None and 120 <= second < 150
    assert [stretch.start for stretch in found] == [0, first + 1, second + 1]
    assert max(stretch.p_value for stretch in found[:2]) <= ALPHA < found[2].p_value


def test_the_ratio_of_sizes_keeps_its_level_by_task() -> None:
    generator = np.random.default_rng(68)
    worlds, covered = 400, 0
    for _ in range(worlds):
        before = [(generator.lognormal(size=12) * scale).tolist() for scale in (1, 100)]
        after = [(1.5 * generator.lognormal(size=size) * scale).tolist() for size, scale in ((5, 1), (20, 100))]
        found = ratio_of_sizes(before, after, 0.95)
        assert found is not None
        covered += not found[1].excludes(1.5)
    assert abs(covered / worlds - 0.95) <= 3 * math.sqrt(0.95 * 0.05 / worlds)
    assert ratio_of_sizes([[1.0], []], [[], [1.0]], 0.95) is None


def test_one_run_cannot_have_changed() -> None:
    with pytest.raises(ValueError, match="between two runs"):
        share_moment([True], ["one"], 0.95)
