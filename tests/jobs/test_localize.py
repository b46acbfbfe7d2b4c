"""Which decision made a run fail: signs in the trace, peers on the same task, and no answer where nothing failed."""

from __future__ import annotations

import random
from io import StringIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console
from scipy.optimize import minimize

from soma.errors import NothingFound
from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import localize
from soma.synthesizer.jobs.localize.explain import render
from soma.synthesizer.jobs.localize.features import FEATURES, features_of
from soma.synthesizer.jobs.localize.fit import chances, fit
from soma.synthesizer.jobs.localize.followers import Known, followed
from soma.synthesizer.jobs.localize.model import Path, Run, Step
from soma.synthesizer.jobs.localize.value import drops, falls
from soma.synthesizer.jobs.localize.weights import shares, shipped

from .lake import Lake, chain, execution


def step(number: int, action: str = "exec:ls", **more: Any) -> Step:
    given: dict[str, Any] = dict.fromkeys(Step.__struct_fields__)
    given |= {"decision_id": f"d{number}", "step": number, "kind": "tool_choice", "action": action}
    given |= {"tool": action.partition(":")[0], "role": "other", "outcome": "ok", "evidence": "s:0+1", **more}
    return Step(**given)


def run(**more: Any) -> Run:
    given: dict[str, Any] = dict.fromkeys(Run.__struct_fields__)
    return Run(**{**given, "execution_id": "x", "agent_id": "a", "framework": "generic", "status": "completed", **more})


def path(name: str, success: bool, *actions: str) -> Path:
    return Path(name, success, list(actions), [f"{name}/{place}" for place in range(len(actions))])


def feature(steps: list[Step], name: str, task: str | None = None, *, talk: bool = False) -> list[float]:
    column = list(FEATURES).index(name)
    return [row[column] for row in features_of(steps, task, talk=talk)]


def page(lake: Lake, name: str) -> str:
    screen = Console(file=StringIO(), width=100)
    screen.print(render(localize.run(lake, name)))
    out = screen.file
    assert isinstance(out, StringIO)
    return out.getvalue()


def test_signs_of_failure_are_seen_where_they_stand() -> None:
    steps = [
        step(0, "exec:make", outcome="ok", arguments_digest="m"),
        step(1, "exec:curl", outcome="failed", arguments_digest="c"),
        step(2, "exec:curl", outcome="failed", arguments_digest="c"),
        step(3, "exec:curl", outcome="ok", arguments_digest="d"),
        step(4, "exec:psql", outcome="timeout"),
    ]
    assert feature(steps, "failed") == [0, 1, 1, 0, 1]
    assert feature(steps, "first_failure") == [0, 1, 0, 0, 0]
    assert feature(steps, "never_repaired") == [0, 0, 0, 0, 1]
    assert feature(steps, "repeat") == [0, 0, 1, 0, 0]
    assert feature(steps, "after_failure") == [0, 0, 1, 1, 0]


def test_figures_are_followed_from_where_they_came_in_to_the_answer() -> None:
    steps = [
        step(0, "web:search", output="population 56583"),
        step(1, "message:A", arguments='{"content":"I assume it is 1234."}'),
        step(2, "message:B", arguments='{"content":"That is wrong, the answer is **56583**"}'),
    ]
    assert feature(steps, "final_answer") == [1, 0, 0]
    assert [value > 0 for value in feature(steps, "unsupported")] == [False, True, False]
    assert [value > 0 for value in feature(steps, "unsupported", "Is it 1234?")] == [False, False, False]
    assert [value > 0 for value in feature(steps, "figures_kept")] == [True, False, False]
    assert feature(steps, "doubted") == [0, 1, 0]
    assert feature(steps, "made_up") == [0, 1, 0]


def test_a_course_that_loses_sight_of_the_task() -> None:
    task = "Which university lies westernmost among those of former secretaries?"
    lost = step(0, "message:A", arguments='{"content":"%s"}' % ("debug the code and handle exit codes " * 8))
    kept = step(
        0,
        "message:A",
        arguments='{"content":"%s"}' % ("find which university lies westernmost, former secretaries " * 8),
    )
    assert feature([lost], "off_task", task) == [1.0]
    assert feature([kept], "off_task", task) == [0.0]
    assert feature([step(0, arguments='{"command":"ls"}')], "off_task", task) == [0.0]


def test_shares_are_those_of_the_conditional_logit() -> None:
    generator = np.random.default_rng(7)
    rows, weights = generator.normal(size=(6, 3)), generator.normal(size=3)
    by_hand = np.exp(rows @ weights) / np.exp(rows @ weights).sum()
    assert shares(list(weights), rows.tolist()) == pytest.approx(by_hand, rel=1e-12)
    assert chances(weights, rows) == pytest.approx(by_hand, rel=1e-12)


def test_the_fit_is_the_maximum_another_optimiser_finds() -> None:
    generator = np.random.default_rng(11)
    truth = np.array([1.5, -1.0, 0.0, 0.5])
    runs = []
    for _ in range(60):
        rows = generator.normal(size=(int(generator.integers(2, 9)), 4))
        parts = np.zeros(len(rows))
        parts[generator.choice(len(rows), p=chances(truth, rows))] = 1.0
        runs.append((rows, parts))

    def loss(weights: Any) -> float:
        total = 0.5 * 2.0 * float(weights @ weights)
        return total - sum(float(parts @ np.log(chances(weights, rows))) for rows, parts in runs)

    other = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert fit(runs, 2.0) == pytest.approx(other.x, abs=1e-4)
    with pytest.raises(ValueError, match="strength"):
        fit(runs, 0.0)


def test_shipped_weights_name_every_feature_once() -> None:
    assert list(shipped().weights) == list(FEATURES)
    assert "whowhen-algorithm" not in shipped().sets


def test_peers_tell_where_the_chance_of_success_fell() -> None:
    own = path("x", False, "look", "guess", "send")
    good = [path(f"g{n}", True, "look", "check", "send") for n in range(12)]
    bad = [path(f"b{n}", False, "look", "guess", "send") for n in range(8)]
    told = drops(own, [own, *good, *bad])
    first, second, third = (told[f"x/{place}"] for place in range(3))
    assert (first.runs, first.before, first.after) == (20, 0.6, 0.6)
    assert (second.runs, second.succeeded, second.runs_before, second.succeeded_before) == (8, 0, 20, 12)
    # 8 runs of weight 8 / (8 + 4) take the whole of the difference from 12 of 20 to 0 of 8.
    assert second.after == pytest.approx(0.6 + 8 / 12 * (0 - 0.6))
    assert third.after == second.after
    assert falls([first, second, third]) == pytest.approx([0.0, 0.4, 0.0])


def test_peers_that_all_failed_or_went_elsewhere_tell_nothing() -> None:
    own = path("x", False, "look", "guess")
    assert falls([*drops(own, [path(f"b{n}", False, "look", "guess") for n in range(9)]).values()]) == [0.0, 0.0]
    assert drops(own, [path("g", True, "other")]) == {}
    assert drops(own, [own]) == {}
    assert drops(None, [path("g", True, "other")]) == {}


def test_followers_of_many_runs_are_counted_as_those_of_one() -> None:
    dice = random.Random(4)
    for _ in range(60):
        paths = [
            path(f"p{n}", dice.random() < 0.5, *(dice.choice("abc") for _ in range(dice.randrange(1, 6))))
            for n in range(dice.randrange(2, 30))
        ]
        of_task = {each.execution_id: dice.choice(("t", "u")) for each in paths}
        rows = [{"execution_id": each.execution_id, "success": each.success, "actions": each.actions} for each in paths]
        known = Known(pa.Table.from_pylist(rows), of_task, {"t"})
        for own in (*paths, path("new", False, "a", "z")):
            alike = [each for each in paths if of_task[each.execution_id] == "t" and each is not own]
            assert known.followed(own.execution_id, own.actions, "t") == followed(own, alike)


def test_values_stay_probabilities_whatever_the_paths() -> None:
    dice = random.Random(3)
    for _ in range(300):
        paths = [
            path(f"p{n}", dice.random() < 0.5, *(dice.choice("abc") for _ in range(dice.randrange(1, 6))))
            for n in range(dice.randrange(2, 30))
        ]
        told = drops(paths[0], paths)
        values = [value for drop in told.values() for value in (drop.before, drop.after)]
        assert all(-1e-12 <= value <= 1 + 1e-12 for value in values)
        lost = falls([told.get(name) for name in paths[0].decision_ids])
        assert all(fall >= 0 for fall in lost) and sum(lost) <= 1 + 1e-12


def test_a_planted_costly_choice_is_found() -> None:
    """Forty peers, a choice at a random place that takes 60 points; every decision looks alike in the trace."""
    dice, hits, worlds = random.Random(5), 0, 200
    for _ in range(worlds):
        place = dice.randrange(1, 6)
        paths = []
        for number in range(40):
            wrong = dice.random() < 0.5
            actions = ["act:a", "act:b", "act:c", "act:d", "act:e", "act:f"]
            actions[place] = "act:wrong" if wrong else actions[place]
            paths.append(path(f"p{number}", dice.random() < (0.2 if wrong else 0.8), *actions))
        actions = ["act:a", "act:b", "act:c", "act:d", "act:e", "act:f"]
        actions[place] = "act:wrong"
        own = path("x", False, *actions)
        steps = [step(n, action, decision_id=f"x/{n}") for n, action in enumerate(actions)]
        ranked = localize.blame(run(), steps, [own, *paths])
        assert sum(decision.share for decision in ranked) == pytest.approx(1)
        hits += ranked[0].number == place + 1
    # The true rate is about 0.99; below 0.95 lies five standard errors of 200 worlds away.
    assert hits / worlds >= 0.95


def world() -> Lake:
    executions: list[Execution] = []
    decisions: list[NormalizedDecision] = []
    for number in range(10):
        good = number < 6
        name = f"r{number}"
        executions.append(execution(name, task_id="t", task_text="do it", status="completed", success=good))
        decisions += chain(name, ["look:a", "check:b" if good else "guess:c", "tell:d"], outcome="ok")
    executions += [
        execution("open", task_id="t", status="completed"),
        execution("broke", task_id="t", status="failed", error="Error: no"),
        execution("empty", task_id="t", status="failed"),
        execution("bare", status="completed", success=False),
    ]
    decisions += chain("open", ["look:a"]) + chain("broke", ["look:a", "guess:c"], outcome=["ok", "failed"])
    decisions += chain("bare", ["one:a", "two:b"], outcome=["ok", "failed"])
    return Lake(executions, decisions)


def test_a_failed_run_with_peers() -> None:
    found = localize.run(world(), "r8")
    assert (found.answer, found.peers) == ("ranked", 9)
    assert found.decisions[0].action == "guess:c" and found.decisions[0].number == 2
    drop = found.decisions[0].drop
    assert drop is not None and (drop.succeeded, drop.runs, drop.succeeded_before, drop.runs_before) == (0, 3, 6, 9)
    assert found.from_peers == pytest.approx(3 / 7 * 6 / 9)
    assert "of 9 peers with the same path before, 6 succeeded" in page(world(), "r8").replace("\n         ", " ")


def test_a_run_that_ended_in_an_error_is_a_failure_though_nobody_judged_it() -> None:
    found = localize.run(world(), "broke")
    assert found.answer == "ranked" and found.peers == 10
    assert found.decisions[0].decision_id == "broke/1"


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("r0", "succeeded", "The task was achieved"),
        ("open", "end not known", "Nothing says whether this run failed"),
        ("empty", "no decision", "called no tool"),
    ],
)
def test_where_nothing_failed_or_nobody_knows_it_is_said(name: str, answer: str, words: str) -> None:
    found = localize.run(world(), name)
    assert (found.answer, found.decisions) == (answer, ())
    assert words in page(world(), name)


def test_without_a_task_the_trace_alone_speaks() -> None:
    found = localize.run(world(), "bare")
    assert (found.peers, found.from_peers) == (0, 0.0)
    assert "no other run of the same task" in page(world(), "bare")


def test_ids_nobody_has_and_ids_that_many_have() -> None:
    with pytest.raises(NothingFound, match="there is no execution"):
        localize.run(world(), "zzz")
    with pytest.raises(NothingFound, match="10 executions begin with"):
        localize.run(world(), "r")


def test_text_from_a_trace_steers_no_terminal() -> None:
    lake = Lake(
        [execution("e", status="failed", task_text="\x1b[31mred", error="\x1b]0;x\x07bad")],
        chain("e", ["exec:\x1b[2J"], outcome="failed"),
    )
    assert "\x1b" not in page(lake, "e")
