"""Arms of firings dealt in permuted blocks, and the gate that is fed with their outcomes."""

from __future__ import annotations

import random
from collections import Counter
from itertools import groupby

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from soma.pressure.assignment import Firing, Urn, deal, draw, family_of
from soma.synthesizer.jobs.gates.sequential import Gate, fed, judged

FIRINGS = st.lists(
    st.builds(
        Firing,
        st.integers(0, 500).map("f{}".format),
        st.sampled_from(["bash_retry", "budget"]),
        st.sampled_from(["worker-1", "worker-2", "planner"]),
    ),
    max_size=120,
    unique_by=lambda firing: firing.firing_id,
)


@given(st.text(min_size=1), FIRINGS)
def test_arms_stay_balanced_at_every_moment_in_every_pattern_and_family(seed: str, firings: list[Firing]) -> None:
    ahead: Counter[tuple[str, str]] = Counter()
    for firing, arm in deal(seed, firings):
        stratum = (firing.pattern, family_of(firing.agent_id))
        ahead[stratum] += 1 if arm == "treatment" else -1
        assert abs(ahead[stratum]) <= 3


@given(FIRINGS, st.integers(0, 120))
def test_the_same_firings_get_the_same_arms_and_later_ones_change_none(firings: list[Firing], until: int) -> None:
    whole = list(deal("stored", firings))
    assert list(deal("stored", firings[:until])) == whole[:until]
    assert list(deal("stored", [*firings, *firings])) == [*whole, *whole]
    # What other patterns do in between changes nothing either.
    alone = [firing for firing in firings if firing.pattern == "budget"]
    assert list(deal("stored", alone)) == [pair for pair in whole if pair[0].pattern == "budget"]


def test_a_stored_urn_goes_on_where_it_stopped() -> None:
    firings = [Firing(f"f{number}", "budget", "worker-1") for number in range(50)]
    urn: Urn | None = None
    arms = []
    for firing in firings:
        arm, urn = draw("stored", firing, urn)
        urn = msgspec.json.decode(msgspec.json.encode(urn), type=Urn)
        arms.append(arm)
    assert arms == [arm for _, arm in deal("stored", firings)]


def test_every_order_of_a_block_is_as_likely_as_any_other() -> None:
    """The first four firings over 3,000 seeds, where the block holds four: six orders."""
    orders: Counter[tuple[str, ...]] = Counter()
    for seed in range(3000):
        firings = [Firing(f"f{number}", "budget", "worker-1") for number in range(4)]
        urn: Urn | None = None
        arms = []
        for firing in firings:
            arm, urn = draw(f"seed {seed}", firing, urn)
            arms.append(arm)
        if urn is not None and not urn.treatment_left and not urn.control_left:
            orders[tuple(arms)] += 1
    assert len(orders) == 6
    assert 1300 < orders.total() < 1700
    assert float(chisquare(list(orders.values())).pvalue) > 0.001


def test_arms_do_not_come_in_runs_that_could_be_foreseen() -> None:
    arms = [arm for _, arm in deal("stored", (Firing(f"f{number}", "budget", "a") for number in range(4000)))]
    assert max(len(list(run)) for _, run in groupby(arms)) <= 6
    assert Counter(arms)["treatment"] == pytest.approx(2000, abs=3)
    other = [arm for _, arm in deal("another", (Firing(f"f{number}", "budget", "a") for number in range(4000)))]
    # Two seeds agree by chance alone: half of the time, give or take four standard errors.
    assert sum(one == two for one, two in zip(arms, other, strict=True)) == pytest.approx(2000, abs=130)


def test_a_firing_without_an_id_has_no_arm() -> None:
    for seed, firing in (("stored", Firing("", "budget", "a")), ("", Firing("f1", "budget", "a"))):
        with pytest.raises(ValueError, match="neither may be empty"):
            draw(seed, firing)


def test_a_family_is_an_agent_without_its_number() -> None:
    assert [family_of(name) for name in ("worker-12", "worker", "gpt-4-7", "a-b")] == [
        "worker",
        "worker",
        "gpt-4",
        "a-b",
    ]


def feed(name: str, control: float, treatment: float, blocks: int) -> Gate:
    rng = random.Random(name)
    gate = Gate()
    for _ in range(blocks):
        gate = fed(gate, [float(rng.random() < treatment)], [float(rng.random() < control)])
        gate = judged({name: gate})[name]
    return gate


def test_a_verdict_once_reached_stays_and_tells_when() -> None:
    gate = feed("better", 0.2, 0.9, 60)
    assert gate.verdict == "validated"
    assert gate.decided_after is not None
    assert gate.decided_after < gate.blocks == 60
    for _ in range(200):
        gate = judged({"better": fed(gate, [0.0], [1.0])})["better"]
    assert gate.verdict == "validated"
    assert feed("worse", 0.9, 0.2, 60).verdict == "refuted"
    assert feed("open", 0.5, 0.5, 20).verdict == "collecting"


def test_a_gate_goes_on_in_another_process() -> None:
    gate = feed("stored", 0.4, 0.6, 30)
    stored = msgspec.json.decode(msgspec.json.encode(gate), type=Gate)
    assert stored == gate
    assert fed(stored, [1.0, 0.5], [0.25]) == fed(gate, [1.0, 0.5], [0.25])
    assert stored.interval().low <= 0.2 <= stored.interval().high


def test_blocks_of_one_arm_teach_nothing_and_impossible_outcomes_are_refused() -> None:
    assert fed(Gate(), [1.0], []) == Gate()
    assert Gate().e_value == 1.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        fed(Gate(), [1.5], [0.0])


def test_the_more_patterns_are_looked_at_the_more_each_has_to_show() -> None:
    some = Gate(seen=((-1.0, 3), (0.0, 10), (1.0, 18)))
    assert 20 <= some.e_value < 200
    assert judged({"alone": some})["alone"].verdict == "validated"
    many = {f"equal-{number}": Gate(seen=((-1.0, 9), (0.0, 10), (1.0, 9))) for number in range(10)}
    assert judged({**many, "among": some})["among"].verdict == "collecting"
    # Patterns that never fired are no comparisons.
    never = {f"never-{number}": Gate() for number in range(10)}
    assert judged({**never, "alone": some})["alone"].verdict == "validated"


def test_drops_in_pressure_are_outcomes_as_well() -> None:
    rng = random.Random("pressure")
    gate = Gate()
    for _ in range(400):
        gate = fed(gate, [min(1.0, 0.4 + 0.5 * rng.random())], [min(1.0, 0.2 + 0.5 * rng.random())])
    assert judged({"drop": gate})["drop"].verdict == "validated"
    assert gate.interval().low < 0.2 < gate.interval().high
