"""Who does better, and whether it is real: measures, verdicts, what is left out, what else may explain it."""

from __future__ import annotations

import msgspec
import pytest

from soma.model import Execution
from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import Divergence, Pair

from .lake import Lake, chain, execution
from .worlds import World


def world(*counts: tuple[str, str, int, int]) -> World:
    """Agents with so many successes and failures on a task."""
    made = World()
    for agent, task, successes, failures in counts:
        for outcome in [True] * successes + [False] * failures:
            made.add(agent, task, outcome)
    return made


def only(found: Divergence) -> Pair:
    (pair,) = found.pairs
    return pair


def test_the_better_agent_comes_first_whatever_its_name() -> None:
    pair = only(world(("a", "t", 14, 21), ("z", "t", 42, 2)).answer())
    assert (pair.first.agent_id, pair.second.agent_id) == ("z", "a")
    assert pair.verdict == "different"
    assert pair.difference is not None
    assert pair.difference.estimate == pytest.approx(14 / 35 - 42 / 44)
    assert pair.more is None


def test_three_verdicts() -> None:
    made = world(("a", "t", 400, 600), ("b", "t", 405, 595), ("c", "t", 900, 100), ("d", "t", 2, 2))
    found = made.answer(everyone=True)
    verdicts = {(pair.first.agent_id, pair.second.agent_id): pair.verdict for pair in found.pairs}
    assert verdicts["b", "a"] == "alike"
    assert verdicts["c", "a"] == verdicts["c", "b"] == "different"
    assert verdicts["d", "a"] == verdicts["c", "d"] == "not enough data"
    assert (found.different, found.alike, found.undecided, found.pairs_total) == (2, 1, 3, 6)
    assert [pair.verdict for pair in found.pairs] == sorted(
        (pair.verdict for pair in found.pairs), key=["different", "not enough data", "alike"].index
    )


def test_not_enough_data_says_how_much_more() -> None:
    pair = only(world(("a", "t", 7, 3), ("b", "t", 3, 7)).answer())
    assert pair.verdict == "not enough data"
    assert pair.more is not None
    assert pair.more.as_seen is not None
    assert 5 <= pair.more.as_seen < pair.more.for_delta < 500


def test_a_small_difference_seen_surely_is_alike_within_delta() -> None:
    made = world(("a", "t", 9700, 300), ("b", "t", 9500, 500))
    assert only(made.answer()).verdict == "alike"
    assert only(made.answer(delta=0.01)).verdict == "different"


def test_success_counts_where_both_sides_know_it() -> None:
    lake = Lake(
        [execution(f"a{n}", "a", task_id="t", success=n < 3, status="failed") for n in range(4)]
        + [execution(f"b{n}", "b", task_id="t", success=True if n else None, status="failed") for n in range(4)]
    )
    pair = only(divergence.run(lake))
    assert pair.measure == "success"
    assert (pair.first.agent_id, pair.first.outcome.successes, pair.first.outcome.total, pair.first.left_out) == (
        "b", 3, 3, 1,
    )  # fmt: skip
    assert [confound.kind for confound in pair.confounds] == ["missing"]


def test_where_success_is_not_known_status_counts_and_is_named() -> None:
    lake = Lake(
        [execution(f"a{n}", "a", task_id="t", success=True, status="completed") for n in range(4)]
        + [execution(f"b{n}", "b", task_id="t", status="failed" if n else "unknown") for n in range(4)]
    )
    pair = only(divergence.run(lake))
    assert pair.measure == "status"
    assert (pair.second.outcome.successes, pair.second.outcome.total, pair.second.left_out) == (0, 3, 1)


def test_a_difference_that_is_only_harder_work_is_none() -> None:
    made = world(("a", "easy", 36, 4), ("a", "hard", 2, 8), ("b", "easy", 9, 1), ("b", "hard", 8, 32))
    pair = only(made.answer())
    assert pair.verdict != "different"
    assert pair.difference is not None
    assert pair.difference.estimate == pytest.approx(0, abs=1e-9)
    assert "task mix" in [confound.kind for confound in pair.confounds]


def test_other_models_frameworks_and_times_are_named() -> None:
    lake = Lake(
        [
            execution(f"{agent}{n}", agent, task_id="t", success=n < good, model=model, framework=model,
                      started_at=start + n, ended_at=start + n)
            for agent, model, start, good in (("a", "haiku", 10**15, 9), ("b", "opus", 2 * 10**15, 2))
            for n in range(10)
        ]
    )  # fmt: skip
    confounds = {confound.kind: confound.text for confound in only(divergence.run(lake)).confounds}
    assert list(confounds) == ["model", "framework", "time"]
    assert "haiku in 10 of 10" in confounds["model"]
    assert "cannot be told apart" in confounds["model"]
    assert confounds["time"].startswith("They ran at different times: all runs of a ended before")


def test_the_difference_with_one_model_alone_is_shown() -> None:
    lake = Lake(
        execution(f"{agent}{n}", agent, task_id="t", success=n < good, model="opus" if n < same else "haiku")
        for agent, good, same in (("a", 18, 20), ("b", 8, 6))
        for n in range(20)
    )
    (model,) = (confound.text for confound in only(divergence.run(lake)).confounds if confound.kind == "model")
    assert "with opus alone, 20 and 6 runs are left" in model


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([], "No executions to compare"),
        ([execution("1", "a", task_id="t")], "Only one agent"),
        ([execution("1", "a", task_id="t"), execution("2", "b", task_id="u")], "none of them share a task"),
    ],
)
def test_nothing_to_compare_says_what_it_takes(rows: list[Execution], note: str) -> None:
    found = divergence.run(Lake(rows))
    assert found.pairs == ()
    assert note in found.notes[0]


def test_agents_and_tasks_can_be_named() -> None:
    made = world(*((agent, task, 3, 2) for agent in "abcd" for task in ("one", "two")))
    assert made.answer().pairs_total == 6
    assert made.answer(agents=("a", "b")).pairs_total == 1
    assert made.answer(agents=("a", "b", "c")).pairs_total == 3
    assert made.answer(agents=("a",)).pairs_total == 3
    assert only(made.answer(agents=("a", "b"), task="TWO")).tasks == 1
    assert "no agent 'x'" in made.answer(agents=("a", "x")).notes[0]
    assert "No task is called" in made.answer(task="three").notes[0]


def test_each_agent_stands_beside_the_best_peer_on_its_tasks() -> None:
    made = world(("a", "t", 40, 10), ("b", "t", 30, 20), ("c", "t", 10, 40), ("d", "u", 9, 1), ("e", "u", 8, 2))
    beside = {(pair.second.agent_id, pair.first.agent_id) for pair in made.answer().pairs}
    assert beside == {("b", "a"), ("c", "a"), ("e", "d")}
    assert made.answer().pairs_total == made.answer(everyone=True).pairs_total == 4
    named = {(pair.second.agent_id, pair.first.agent_id) for pair in made.answer(agents=("b", "c")).pairs}
    assert named == {("c", "b")}


def test_the_answer_is_bounded_and_counts_what_it_leaves_off() -> None:
    found = world(*((f"agent-{n}", "t", 3, 2) for n in range(12))).answer(limit=5, everyone=True)
    assert (len(found.pairs), found.pairs_total, found.undecided) == (5, 66, 66)


def test_many_agents_are_cut_to_the_busiest_and_said() -> None:
    found = world(*((f"agent-{n:03}", "t", 1 + (n > 69), 0) for n in range(70)), ("busy", "t", 5, 5)).answer(limit=1)
    assert found.pairs_total == 60 * 59 // 2
    assert "busy" in found.agents
    assert "the 60 busiest" in found.notes[0]


def test_rows_in_any_order_and_threads_give_the_same_bytes() -> None:
    executions, decisions = [], []
    for n in range(60):
        agent = "abc"[n % 3]
        executions.append(execution(f"e{n}", agent, task_id=f"t{n % 4}", success=n % 7 < 4, model="mn"[n % 2]))
        decisions += chain(f"e{n}", ["read:x", "edit:y" if n % 3 else "exec:z", "exec:z"], agent, duration_ms=0.1 * n)
    forward = divergence.run(Lake(executions, decisions, threads=1))
    backward = divergence.run(Lake(executions[::-1], decisions[::-1], threads=4))
    assert msgspec.json.encode(forward) == msgspec.json.encode(backward)
