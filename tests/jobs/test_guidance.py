"""Guidance patterns on trial: planted effects get the verdict they deserve, equals and replays get none."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from soma import codec
from soma.cli.gates import command
from soma.errors import UsageError
from soma.pressure.assignment import Firing, deal, family_of
from soma.pressure.replay.firings import Became, Fired, record
from soma.synthesizer import commands
from soma.synthesizer.jobs import guidance
from soma.synthesizer.jobs.gates.pairs import Item
from soma.synthesizer.jobs.guidance.course import courses
from soma.synthesizer.jobs.guidance.explain import render
from soma.synthesizer.jobs.guidance.model import Guidance
from soma.vault import VaultRoot

from .lake import Lake, chain, execution
from .whole import HOSTILE, said, shown


class World:
    """Firings with outcomes, as recording them leaves them."""

    def __init__(self) -> None:
        self.firings: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, Any]] = []

    def add(self, pattern: str, many: int, control: float, treatment: float, version: int = 1, **more: Any) -> None:
        """``many`` firings dealt by blocks, recovering at these rates."""
        chance = random.Random(f"{pattern} {version} {len(self.firings)}")
        start = len(self.firings)
        named = [Firing(f"{pattern}-{start + number}", pattern, f"worker-{number % 3}") for number in range(many)]
        for number, (firing, arm) in enumerate(deal("seed", named), start):
            self.firings.append(
                {"firing_id": firing.firing_id, "pattern": pattern, "pattern_version": version, "agent_id": "a",
                 "family": family_of(firing.agent_id), "arm": arm, "source": "hook", "dealt": number, **more}
            )  # fmt: skip
            good = chance.random() < (treatment if arm == "treatment" else control)
            self.outcomes.append({"firing_id": firing.firing_id, "horizon": 5, "recovered": good})

    def lake(self) -> Lake:
        return Lake([], kept={"firings": self.firings, "firing_outcomes": self.outcomes})

    def found(self, **options: Any) -> Guidance:
        return guidance.run(self.lake(), **options)


@pytest.fixture(scope="module")
def planted() -> World:
    world = World()
    world.add("helps", 160, 0.4, 0.85)
    world.add("harms", 160, 0.7, 0.3)
    world.add("nothing", 40, 0.5, 0.5)
    return world


def test_planted_messages_get_the_verdict_they_deserve(planted: World) -> None:
    found = {one.pattern: one for one in planted.found().patterns}
    assert {name: (one.verdict, one.status) for name, one in found.items()} == {
        "helps": ("validated", "active"),
        "harms": ("refuted", "retired"),
        "nothing": ("collecting", "collecting"),
    }
    assert guidance.statuses(planted.lake()) == {"helps": "active", "harms": "retired", "nothing": "collecting"}
    for one in found.values():
        assert one.dealt_evenly
        assert abs(one.treatment.firings - one.control.firings) <= 3
        assert (
            one.treatment.outcome.interval.low
            <= (one.treatment.outcome.rate or 0)
            <= one.treatment.outcome.interval.high
        )
    assert found["helps"].decided_after is not None
    assert found["nothing"].more is not None
    assert found["nothing"].effect is not None
    # 20 firings an arm: too few for the test of one look.
    assert found["nothing"].effect.p_value is None
    assert found["helps"].effect is not None
    assert found["helps"].effect.p_value is not None


def test_what_was_told_nobody_or_is_a_test_never_counts(planted: World) -> None:
    world = World()
    world.add("helps", 100, 0.1, 0.9, source="replay")
    assert world.found().patterns == ()
    world.add("helps", 100, 0.1, 0.9, arm="shadow")
    assert world.found().patterns == ()
    assert "whether any message helps is not known" in said(shown(render(world.found())))


def test_a_verdict_reached_stays_whatever_comes_later() -> None:
    world = World()
    world.add("p", 120, 0.2, 0.9)
    decided = world.found().patterns[0]
    world.add("p", 200, 0.9, 0.2)
    later = world.found().patterns[0]
    assert (decided.verdict, later.verdict) == ("validated", "validated")
    assert decided.decided_after == later.decided_after


def test_a_refuted_pattern_comes_back_by_new_data_only() -> None:
    world = World()
    world.add("p", 60, 0.9, 0.2)
    refuted = world.found().patterns[0]
    assert (refuted.status, refuted.revived) == ("retired", False)
    world.add("p", 20, 0.5, 0.6)
    assert world.found().patterns[0].status == "retired"
    world.add("p", 200, 0.2, 0.9)
    back = world.found().patterns[0]
    assert (back.status, back.verdict, back.revived) == ("active", "validated", True)
    # What the new gate took in begins after the refutation.
    assert (
        back.pairs < sum(arm.firings for arm in (back.treatment, back.control)) / 2 - (refuted.decided_after or 0) + 1
    )


def test_another_version_begins_anew() -> None:
    world = World()
    world.add("p", 100, 0.9, 0.2)
    world.add("p", 8, 0.5, 0.5, version=2)
    found = {one.version: one.status for one in world.found().patterns}
    assert found == {1: "retired", 2: "collecting"}
    assert guidance.statuses(world.lake()) == {"p": "collecting"}


def test_arms_that_are_lost_on_the_way_are_noticed() -> None:
    world = World()
    world.add("p", 200, 0.5, 0.5)
    lost = {row["firing_id"] for row in world.firings if row["arm"] == "treatment"}
    world.firings = [row for row in world.firings if row["firing_id"] not in lost or row["dealt"] % 3 == 0]
    found = world.found().patterns[0]
    assert not found.dealt_evenly
    assert any("dealt evenly" in text for text in found.cautions)


def test_success_counts_an_execution_once() -> None:
    runs = [execution(f"e{number}", success=number % 2 == 0) for number in range(10)]
    firings = [
        {"firing_id": f"f{number}", "pattern": "p", "pattern_version": 1, "family": "a", "source": "hook",
         "arm": "treatment" if number % 4 < 2 else "control", "dealt": number, "execution_id": f"e{number // 4}"}
        for number in range(40)
    ]  # fmt: skip
    ends = [{"firing_id": f"f{number}", "horizon": 0, "success": (number // 4) % 2 == 0} for number in range(40)]
    lake = Lake(runs, kept={"firings": firings, "firing_outcomes": ends})
    found = guidance.run(lake, outcome="success")
    assert found.patterns[0].treatment.outcome.total + found.patterns[0].control.outcome.total == 10
    assert (found.horizon, found.shadows) == (0, ())
    with pytest.raises(UsageError, match="1, 5 and 10"):
        guidance.run(lake, horizon=3)


def test_a_replayed_firing_stands_beside_the_other_positions_of_its_execution() -> None:
    # x: failed. The pattern matches after each failure and fires at the first.
    outcomes = ["failed", "ok", "ok", "failed", "ok", "ok"]
    decisions = chain("e", ["a"] * 6, outcome=outcomes)
    pressure = [
        {"decision_id": f"e/{step}", "execution_id": "e", "step": step, "pressure": 0.1,
         "patterns": ["p"] if outcome == "failed" else []}
        for step, outcome in enumerate(outcomes)
    ]  # fmt: skip
    firing = {"firing_id": "f", "pattern": "p", "pattern_version": 1, "execution_id": "e", "step": 0,
              "arm": "shadow", "source": "replay"}  # fmt: skip
    lake = Lake([execution("e")], decisions, kept={"pressure": pressure, "firings": [firing]})
    (one,) = guidance.run(lake, horizon=1).shadows
    # Positions 1 to 4 have a next action: after 1, 3 and 4 it went well, after 2 it failed.
    assert (one.outcome.successes, one.outcome.total, one.elsewhere) == (1, 1, 0.75)
    (far,) = guidance.run(lake, horizon=5).shadows
    assert (far.outcome.successes, far.outcome.total, far.elsewhere) == (0, 1, None)


def test_equal_arms_are_seldom_called_different_however_often_one_looks() -> None:
    """A small seeded version of the benchmark: 150 worlds, a look after every pair of 60."""
    false = 0
    for world in range(150):
        chance = random.Random(world)
        named = [Firing(f"{number}", "p", "a") for number in range(120)]
        dealt = enumerate(deal(f"aa {world}", named))
        items = [(number, Item("a", arm == "treatment", chance.random() < 0.5)) for number, (_, arm) in dealt]
        false += courses({("p", 1): items}, 0.1, 0.95)["p", 1].status != "collecting"
    assert false <= 150 * 0.05


def test_many_patterns_at_once_are_judged_together_and_order_of_rows_does_not_matter(planted: World) -> None:
    mixed = World()
    mixed.firings, mixed.outcomes = planted.firings[::-1], planted.outcomes[::-1]
    assert mixed.found() == planted.found()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_page_keeps_to_its_width_and_says_how_it_stands(planted: World, width: int) -> None:
    page = shown(render(planted.found()), width)
    assert all(len(line) <= width for line in page.splitlines())
    words = said(page)
    assert "refuted: being told does harm" in words
    assert "Still needed, firings of each arm" in words
    assert "Retired: not told to agents any more." in words


def test_hostile_names_stay_text() -> None:
    world = World()
    world.add(HOSTILE, 4, 0.5, 0.5)
    page = shown(render(world.found()))
    assert "\x1b" not in page
    assert "\u202e" not in page


def call(vault: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["--vault", str(vault), *arguments])
    commands.name_vault(None)
    return result


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = VaultRoot(tmp_path_factory.mktemp("guidance") / "vault")
    root.create()
    firings = [
        Fired(firing_id=f"f{number}", source="hook", pattern="bash_retry", pattern_version=1, agent_id="a",
              severity="warn", engine="e", pressure=0.3, what="seen")
        for number in range(80)
    ]  # fmt: skip
    arms = record(root, firings, redact=str)
    became = [Became(firing_id=name, horizon=5, recovered=arm == "control") for name, arm in arms.items()]
    record(root, became=became, redact=str)
    return root.path


def test_a_pipeline_goes_by_the_exit_code(vault: Path) -> None:
    assert call(vault).exit_code == 0
    failed = call(vault, "--fail-on", "refuted")
    assert (failed.exit_code, failed.stderr) == (1, "gate not passed: bash_retry 1 refuted\n")
    nothing = call(vault, "--outcome", "success", "--fail-on", "refuted", "--json")
    assert nothing.exit_code == 0
    assert "no proof: 1 of 1 not decided yet" in nothing.stderr
    assert codec.decode(nothing.stdout)["gate"]["undecided"] == ["bash_retry 1"]


@pytest.mark.parametrize("arguments", [("--agent", "a"), ("--by", "agent", "--horizon", "5"),
                                       ("--outcome", "success", "--horizon", "1")])  # fmt: skip
def test_options_that_do_not_go_together_are_refused(vault: Path, arguments: tuple[str, ...]) -> None:
    assert isinstance(call(vault, *arguments).exception, UsageError)
