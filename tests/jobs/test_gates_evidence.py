"""Evidence that may be looked at after every pair: its guarantee, its interval, what it finds, what forms a pair."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from soma.synthesizer.jobs.gates.balance import chi_square, ratio_kept
from soma.synthesizer.jobs.gates.betting import Differences, evidence, interval
from soma.synthesizer.jobs.gates.model import Verdict
from soma.synthesizer.jobs.gates.pairs import Item, blocks, differences
from soma.synthesizer.jobs.gates.planning import ahead, planned
from soma.synthesizer.jobs.gates.verdict import verdict_of
from soma.synthesizer.stats import Stratum, e_process_over_tasks, proportion

SEEN = st.dictionaries(st.sampled_from([-1.0, -0.5, 0.0, 1 / 3, 1.0]), st.integers(1, 60), min_size=1)
PAIR = st.tuples(st.booleans(), st.booleans())


def tally(pairs: Sequence[tuple[bool, bool]]) -> Counter[float]:
    return Counter(float(treatment) - float(control) for control, treatment in pairs)


def q_of(seen: Differences) -> float:
    """What a single comparison is adjusted to."""
    return min(1.0, 1 / evidence(seen).e_value)


@lru_cache(maxsize=1 << 17)
def verdict(up: int, level: int, down: int) -> Verdict:
    seen = {value: many for value, many in ((1.0, up), (0.0, level), (-1.0, down)) if many}
    return verdict_of(seen, q_of(seen), 0.1)


def first_verdict(rng: random.Random, control: float, treatment: float, pairs: int) -> Verdict:
    """What is said first, looking after every pair."""
    counts = [0, 0, 0]
    for _ in range(pairs):
        counts[1 + (rng.random() < control) - (rng.random() < treatment)] += 1
        if (said := verdict(*counts)) != "collecting":
            return said
    return "collecting"


@settings(max_examples=60)
@given(st.lists(PAIR, min_size=1, max_size=80))
def test_on_pairs_it_is_the_process_over_tasks_taken_apart_into_directions(pairs: list[tuple[bool, bool]]) -> None:
    strata = [Stratum(int(control), 1, int(treatment), 1) for control, treatment in pairs]
    found = evidence(tally(pairs))
    mass = sum(math.exp(-((0.25 * step) ** 2) / (2 * 1.25**2)) for step in range(1, 17))
    together = (mass * (math.exp(found.above) + math.exp(found.below)) + 1) / (2 * mass + 1)
    assert e_process_over_tasks([strata])[-1] == pytest.approx(together, rel=1e-9)


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.9, 0.9), (0.6, 0.4), (0.3, 0.3)])
def test_no_capital_is_expected_to_grow_if_the_claim_holds(rates: tuple[float, float]) -> None:
    """Exact, over all outcomes of four pairs; with equal rates and no difference claimed it stays 1 exactly."""
    control, treatment = rates
    chance = {
        1.0: treatment * (1 - control),
        -1.0: control * (1 - treatment),
        0.0: treatment * control + (1 - treatment) * (1 - control),
    }
    for claim in {0.0, treatment - control, 0.25}:
        expected = math.fsum(
            math.prod(chance[value] for value in outcome) * math.exp(evidence(Counter(outcome), claim).above)
            for outcome in itertools.product(chance, repeat=4)
        )
        assert expected <= 1 + 1e-12
        if claim == treatment - control:
            assert expected == pytest.approx(1)


@settings(max_examples=60)
@given(SEEN)
def test_the_interval_leaves_out_what_is_refuted_and_nothing_else(seen: dict[float, int]) -> None:
    found = interval(seen)
    mean = sum(value * many for value, many in seen.items()) / sum(seen.values())
    assert -1 <= found.low <= mean <= found.high <= 1
    for claim in (-0.9, -0.4, -0.1, 0.0, 0.2, 0.7):
        won = evidence(seen, claim)
        assert (max(won) >= math.log(40)) == found.excludes(claim)
    claims = [-0.8, -0.3, 0.0, 0.4, 0.9]
    above = [evidence(seen, claim).above for claim in claims]
    assert above == sorted(above, reverse=True)
    assert (evidence(seen).e_value >= 20) == found.excludes(0)


def test_equals_pass_nothing_though_one_looks_after_every_pair() -> None:
    """A/A: 1,000 seeded repeats of as many pairs as a difference of 20 points would take."""
    pairs = planned(0.5, 0.2)
    assert pairs is not None
    said = Counter(first_verdict(random.Random(f"aa {repeat}"), 0.5, 0.5, pairs) for repeat in range(1000))
    assert said["validated"] + said["refuted"] <= 50


@pytest.mark.parametrize(("control", "treatment", "expected"), [(0.5, 0.7, "validated"), (0.7, 0.5, "refuted")])
def test_twenty_points_are_found_by_the_stated_number_of_pairs(control: float, treatment: float, expected: str) -> None:
    pairs = planned(0.5, 0.2)
    assert pairs == 187
    said: Counter[str] = Counter(
        first_verdict(random.Random(f"{expected} {repeat}"), control, treatment, pairs) for repeat in range(600)
    )
    assert said[expected] >= 0.8 * 600
    assert sum(said.values()) - said[expected] - said["collecting"] <= 2


def test_the_interval_is_right_at_all_looks_together_on_tasks_as_unequal_as_can_be() -> None:
    """Half of the tasks always end alike; the truth is the mean over tasks, though no task has this difference."""
    missed = 0
    for repeat in range(300):
        rng = random.Random(f"sequence {repeat}")
        seen: Counter[float] = Counter()
        for _ in range(120):
            sure = rng.random() < 0.5
            rate = float(rng.random() < 0.5) if sure else 0.4
            other = rate if sure else 0.8
            seen[float(rng.random() < other) - float(rng.random() < rate)] += 1
            if max(evidence(seen, 0.2)) >= math.log(40):
                missed += 1
                break
    # 5 % of 300, and three standard errors.
    assert missed <= 15 + 3 * math.sqrt(300 * 0.05 * 0.95)


def test_alike_is_said_of_equals_and_not_of_those_delta_apart() -> None:
    equal = Counter(first_verdict(random.Random(f"e {repeat}"), 0.95, 0.95, 400) for repeat in range(100))
    apart = Counter(first_verdict(random.Random(f"d {repeat}"), 0.95, 0.85, 400) for repeat in range(200))
    assert equal["alike"] >= 80
    assert apart["alike"] <= 0.05 * 200


def test_what_is_still_needed_is_what_it_takes() -> None:
    seen = Counter({1.0: 14, 0.0: 20, -1.0: 6})
    future = ahead(seen, 0.1)
    assert future is not None
    assert future.decision == "validated"
    reached = 0
    values = list(seen.elements())
    for repeat in range(300):
        rng = random.Random(f"ahead {repeat}")
        coming = seen + Counter(rng.choices(values, k=future.pairs))
        reached += verdict_of(coming, q_of(coming), 0.1) == "validated"
    assert reached / 300 == pytest.approx(0.8, abs=0.1)
    equal = ahead({0.0: 40, 1.0: 3, -1.0: 3}, 0.1)
    assert equal is not None
    assert equal.decision == "alike"
    assert ahead({1.0: 5, 0.0: 4}, 0.1) is None
    strict = ahead(seen, 0.1, comparisons=50)
    assert strict is not None
    assert strict.pairs > future.pairs


def test_the_published_figure_has_its_interval() -> None:
    found = proportion(55, 60).interval
    assert (round(100 * found.low), round(100 * found.high)) == (82, 96)


ITEMS = st.lists(st.builds(Item, st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=120)


@settings(max_examples=80)
@given(ITEMS, st.integers(0, 120), st.randoms(use_true_random=False))
def test_pairs_are_blind_to_outcomes_and_later_runs_change_none(
    items: list[Item], until: int, rng: random.Random
) -> None:
    found = list(blocks(items))
    assert found[: len(list(blocks(items[:until])))] == list(blocks(items[:until]))
    other = [item._replace(good=rng.random() < 0.5) for item in items]
    shapes = [(block.first_total, block.second_total) for block in found]
    assert shapes == [(block.first_total, block.second_total) for block in blocks(other)]
    assert all(1 <= many <= 9 for shape in shapes for many in shape)
    assert sum(first for first, _ in shapes) <= sum(not item.treated for item in items)
    assert sum(second for _, second in shapes) <= sum(item.treated for item in items)


def test_no_run_is_counted_twice_and_tasks_are_kept_apart() -> None:
    items = [Item(task, treated, treated) for task in ("a", "b") for treated in (False, True, True)]
    assert list(blocks(items)) == [Stratum(0, 1, 1, 1)] * 2
    assert list(blocks([Item("a", False, True), Item("b", True, True)])) == []


def test_an_arm_that_ran_first_is_not_used_up_by_the_first_of_the_other() -> None:
    one_after_the_other = [Item("a", treated, True) for treated in (False, True) for _ in range(50)]
    assert len(list(blocks(one_after_the_other))) == 50


def test_a_trial_on_a_tenth_of_the_traffic_uses_what_the_others_did() -> None:
    found = list(blocks(Item("a", at % 10 == 9, True) for at in range(2000)))
    assert len(found) == 200
    assert sum(block.first_total for block in found) > 1500


def test_the_spread_of_arms_is_tested_as_pearson_did() -> None:
    table = [(30, 22), (41, 60), (19, 12), (50, 47)]
    assert chi_square(table) == pytest.approx(float(chi2_contingency(table, correction=False).pvalue))
    # Rows with few are one row together; with nothing to hold against each other there is no answer.
    few = [(1, 0), (0, 1)] * 12
    assert chi_square([*few, (40, 5)]) == pytest.approx(
        float(chi2_contingency([(12, 12), (40, 5)], correction=False).pvalue)
    )
    assert chi_square(few) is None
    assert chi_square([(5, 0), (9, 0)]) is None


def test_a_ratio_that_was_dealt_is_held_to_however_often_one_looks() -> None:
    rng = random.Random(8)
    broken = 0
    kept = lru_cache(maxsize=None)(lambda first, second: ratio_kept(first, second, level=0.99)[0])
    for _ in range(200):
        first = 0
        for total in range(1, 300):
            first += rng.random() < 0.5
            if not kept(first, total - first):
                broken += 1
                break
    assert broken <= 2 + 3 * math.sqrt(200 * 0.01 * 0.99)
    assert not ratio_kept(600, 400)[0]
    assert ratio_kept(100, 900, share=0.1)[0]


@pytest.mark.parametrize("wrong", [-1.0, 1.0, 2.0])
def test_a_claim_beyond_all_differences_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="between -1 and 1"):
        evidence({0.0: 1}, wrong)


def test_impossible_plans_are_refused() -> None:
    for rate, effect in ((1.2, 0.1), (0.5, 0.0), (0.5, 1.2)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            planned(rate, effect)
    with pytest.raises(ValueError, match="margin"):
        verdict_of({1.0: 1}, 1.0, 0.0)
    assert planned(0.5, 0.8) is None


def test_differences_of_uneven_blocks_are_those_of_rates() -> None:
    assert differences([Stratum(1, 2, 1, 1), Stratum(0, 1, 0, 3)]) == {0.5: 1, 0.0: 1}
