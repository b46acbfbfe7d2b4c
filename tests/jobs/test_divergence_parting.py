"""The step at which paths part: which it is, who chose what, how it ended, and what that allows to advise."""

from __future__ import annotations

import pytest

from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import END, Pair, Parting

from .lake import Lake, chain, execution
from .worlds import World

GOOD = ["exec:himalaya", "process:poll", "write:inbox"]
BAD = ["exec:himalaya", "exec:node", "write:inbox"]


def world(*groups: tuple[str, int, list[str], int]) -> World:
    """Agents with so many executions of a path, so many of which succeed."""
    made = World()
    for agent, runs, path, successes in groups:
        for number in range(runs):
            made.add(agent, "t", number < successes, path)
    return made


def pair_of(made: World) -> Pair:
    (pair,) = made.answer().pairs
    return pair


def parting_of(made: World) -> Parting:
    parting = pair_of(made).parting
    assert parting is not None
    return parting


def test_the_step_the_choices_and_their_outcomes() -> None:
    pair = pair_of(world(("a", 41, GOOD, 40), ("a", 3, BAD, 2), ("c", 33, BAD, 12), ("c", 2, GOOD, 2)))
    parting = pair.parting
    assert parting is not None
    assert (parting.step, parting.prefix, parting.clear, parting.matters) == (2, ("exec:himalaya",), True, True)
    assert (parting.first.action, parting.first.executions, parting.first.reached) == ("process:poll", 41, 44)
    assert (parting.second.action, parting.second.executions, parting.second.reached) == ("exec:node", 33, 35)
    assert (parting.second.outcome.successes, parting.second.outcome.total) == (12, 33)
    assert (parting.first_choice.successes, parting.first_choice.total) == (42, 43)
    assert (parting.second_choice.successes, parting.second_choice.total) == (14, 36)
    assert parting.effect is not None
    assert parting.effect.estimate == pytest.approx(14 / 36 - 42 / 43)
    assert (parting.second.then, parting.second.then_executions) == ("write:inbox", 33)
    assert len(parting.second.evidence) == 20
    assert parting.second.evidence_total == 33
    assert pair.recommendation == "c should take process:poll at step 2, as a does."


def test_no_advice_where_the_choice_does_not_go_with_the_outcome() -> None:
    pair = pair_of(
        world(("a", 20, GOOD, 19), ("a", 20, BAD, 19), ("a", 10, GOOD, 9), ("c", 20, BAD, 6), ("c", 15, GOOD, 4))
    )
    assert pair.verdict == "different"
    assert pair.parting is not None
    assert pair.recommendation is None


def test_no_advice_to_end() -> None:
    pair = pair_of(world(("a", 30, GOOD[:1], 29), ("c", 30, BAD, 2)))
    assert pair.parting is not None
    assert pair.parting.first.action == END
    assert pair.recommendation is None
    assert "may end because it has succeeded" in pair.finding


def test_no_advice_where_no_difference_is_shown() -> None:
    pair = pair_of(world(("a", 5, GOOD, 4), ("c", 5, BAD, 3)))
    assert pair.recommendation is None
    assert "do not show that the choice matters" in pair.finding


def test_no_advice_on_a_choice_that_is_the_better_one() -> None:
    pair = pair_of(world(("a", 40, GOOD, 30), ("a", 20, BAD, 20), ("c", 40, BAD, 26), ("c", 25, GOOD, 0)))
    assert pair.verdict == "different"
    assert pair.parting is not None
    assert pair.parting.effect is not None
    assert pair.parting.effect.estimate > 0
    assert pair.recommendation is None
    assert "not why c does worse" in pair.finding


def test_a_step_where_chance_parts_them_does_not_hide_the_later_one() -> None:
    early = [["read:x", *GOOD], ["read:y", *GOOD]], [["read:x", *BAD], ["read:y", *BAD]]
    parting = parting_of(
        world(
            ("a", 21, early[0][0], 20), ("a", 19, early[0][1], 18), ("c", 19, early[1][0], 4), ("c", 20, early[1][1], 4)
        )
    )
    assert parting.clear
    assert (parting.step, parting.first.action, parting.second.action) == (3, "process:poll", "exec:node")


def test_a_parting_that_chance_allows_is_shown_as_such() -> None:
    parting = parting_of(world(("a", 3, GOOD, 3), ("a", 2, BAD, 2), ("c", 2, GOOD, 1), ("c", 3, BAD, 1)))
    assert not parting.clear
    assert parting.chance > 0.05


def test_a_tie_goes_to_what_the_other_side_does() -> None:
    pair = pair_of(world(("a", 4, GOOD, 4), ("a", 4, BAD, 4), ("c", 6, BAD, 3)))
    assert pair.parting is None
    assert "do not part" in pair.finding


def test_an_agent_that_makes_only_its_own_choice_is_named_as_confound() -> None:
    apart = pair_of(world(("a", 20, GOOD, 19), ("c", 20, BAD, 5)))
    mixed = pair_of(world(("a", 20, GOOD, 19), ("c", 19, BAD, 5), ("c", 1, GOOD, 1)))
    assert "choice is agent" in [confound.kind for confound in apart.confounds]
    assert "choice is agent" not in [confound.kind for confound in mixed.confounds]


def test_the_effect_is_compared_on_equal_tasks() -> None:
    made = World()
    for task, rate in (("easy", 9), ("hard", 1)):
        for agent, good, bad in (("a", 1, 1), ("b", 1, 3)) if task == "hard" else (("a", 3, 1), ("b", 1, 1)):
            for path, times in ((GOOD, good), (BAD, bad)):
                for number in range(10 * times):
                    made.add(agent, task, number % 10 < rate, path)
    parting = parting_of(made)
    assert parting.first_choice.rate != parting.second_choice.rate
    assert parting.effect is not None
    assert parting.effect.estimate == pytest.approx(0, abs=1e-9)
    assert not parting.matters


def test_the_id_is_the_same_next_night_and_for_either_order_of_agents() -> None:
    tonight = pair_of(world(("a", 20, GOOD, 19), ("c", 20, BAD, 5)))
    tomorrow = pair_of(world(("c", 22, BAD, 6), ("a", 25, GOOD, 23)))
    other = pair_of(world(("a", 20, GOOD, 19), ("c", 20, ["exec:himalaya", "exec:perl"], 5)))
    assert tonight.divergence_id == tomorrow.divergence_id
    assert tonight.divergence_id.startswith("dvg-")
    assert tonight.divergence_id != other.divergence_id


def test_paths_come_from_the_decisions_with_repeats_taken_together() -> None:
    executions = [
        execution(f"{agent}{n}", agent, task_id="t", success=agent == "a") for agent in "ac" for n in range(8)
    ]
    decisions = []
    for n in range(8):
        decisions += chain(f"a{n}", ["x_1", "x_2", "y"], "a", outcome="ok", duration_ms=[5.0, 7.0, 10.0 * n])
        decisions += chain(
            f"c{n}", ["x", "oops", "x", "z", "z"], "c",
            kind=["tool_choice", "failure", "retry", "tool_choice", "retry"],
            outcome=["ok", "failed", "ok", "timeout", "failed" if n else "ok"], duration_ms=30_000.0,
        )  # fmt: skip
    decisions += chain("child", ["other"], "c")
    executions.append(execution("child", "c", task_id="t", parent_execution_id="c0"))
    (pair,) = divergence.run(Lake(executions, decisions)).pairs
    parting = pair.parting
    assert parting is not None
    assert (parting.step, parting.prefix) == (2, ("x",))
    assert (parting.first.action, parting.first.median_duration_ms) == ("y", 35.0)
    assert (parting.second.action, parting.second.timed_out, parting.second.failed) == ("z", 8, 7)
    assert parting.first.evidence[:2] == ("a0/2", "a1/2")
    assert parting.second.evidence[:2] == ("c0/3", "c1/3")
    assert parting.second.then == END


def test_no_decisions_on_a_side_is_said() -> None:
    executions = [execution(f"{agent}{n}", agent, task_id="t", success=True) for agent in "ac" for n in range(3)]
    (pair,) = divergence.run(Lake(executions, chain("a0", GOOD, "a"))).pairs
    assert pair.parting is None
    assert "No decisions are recorded for c" in pair.finding


def test_an_execution_without_a_decision_ended_at_once() -> None:
    made = world(("a", 20, GOOD, 20), ("c", 5, GOOD, 5))
    for _ in range(15):
        made.add("c", "t", False)
    parting = parting_of(made)
    assert (parting.step, parting.second.action, parting.second.executions) == (1, END, 15)
    assert parting.second.evidence == ()
