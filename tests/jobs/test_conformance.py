"""How far a run keeps to the usual way: order and loops count, rare is not wrong, and no run vouches for itself."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from soma.errors import NothingFound
from soma.synthesizer.jobs import conformance
from soma.synthesizer.jobs.conformance import agentflow
from soma.synthesizer.jobs.conformance.align import expected, nearest, unusual
from soma.synthesizer.jobs.conformance.explain import render
from soma.synthesizer.jobs.conformance.model import AgentConformance, Checked
from soma.synthesizer.jobs.conformance.usual import Alphabet, Usual
from soma.synthesizer.jobs.conformance.usual import Path as Taken

from .lake import Lake, chain, execution
from .whole import HOSTILE, harmless, said, shown

USUAL = ["read:mail", "exec:sort", "write:inbox", "message:send"]


def lake(runs: Iterable[Sequence[str]], agent: str = "a", **more: object) -> Lake:
    """One agent's runs, the first called 000; ``more`` may hold lists, one value per run."""
    executions, decisions = [], []
    for number, actions in enumerate(runs):
        own = {key: value[number] if isinstance(value, list) else value for key, value in more.items()}
        executions.append(execution(f"{number:03}", agent, **own))
        decisions += chain(f"{number:03}", actions, agent, outcome="ok", kind="tool_choice")
    return Lake(executions, decisions)


def of_first(runs: Iterable[Sequence[str]]) -> Checked:
    checked = conformance.run(lake(runs), execution="000").execution
    assert checked is not None
    return checked


def against(run: Sequence[str], others: int = 50) -> Checked:
    return of_first([run, *[USUAL] * others])


def test_the_usual_way_conforms_fully() -> None:
    checked = against(USUAL)
    assert (checked.conformance, checked.moves, checked.support, checked.same_path) == (1.0, (), 50, 50)


@pytest.mark.parametrize(
    ("run", "kind", "step", "action", "usual"),
    [
        (["read:mail", "write:inbox", "message:send"], "missing", 2, "exec:sort", None),
        (["read:mail", "exec:sort", "exec:node", "write:inbox", "message:send"], "extra", 3, "exec:node", None),
        (["read:mail", "exec:node", "write:inbox", "message:send"], "instead", 2, "exec:node", "exec:sort"),
        (["exec:sort", "write:inbox", "message:send", "read:mail"], "moved", 4, "read:mail", None),
        (["read:mail", *["exec:sort"] * 9, "write:inbox", "message:send"], "repeated", 2, "exec:sort", None),
        (["read:mail", "exec:sort", "write:inbox"], "missing", 4, "message:send", None),
    ],
)
def test_every_departure_is_named_with_its_step(
    run: Sequence[str], kind: str, step: int, action: str, usual: str | None
) -> None:
    checked = against(run)
    (move,) = checked.moves
    assert (move.kind, move.step, move.action, move.usual) == (kind, step, action, usual)
    assert checked.conformance is not None and checked.conformance < 0.95


def test_the_formula_is_the_documented_one() -> None:
    checked = against(["read:mail", "exec:node", "write:inbox", "message:send"])
    cost = (1 - 1 / 52 / 0.2) + (1 - 1 / 52 / 0.2)
    assert checked.moves[0].cost == pytest.approx(cost)
    assert checked.conformance == pytest.approx(1 - cost / 8)
    assert (checked.moves[0].others, checked.moves[0].of) == (0, 50)


def test_moves_name_the_decision_of_their_step() -> None:
    checked = against(["read:mail", "exec:sort", "exec:sort", "exec:node", "write:inbox", "message:send"])
    assert [move.decision_id for move in checked.moves if move.kind == "extra"] == ["000/3"]


def test_loops_and_order_count_although_all_actions_are_usual() -> None:
    looping = against(["read:mail", "exec:sort", *["write:inbox", "exec:sort"] * 4, "write:inbox", "message:send"])
    turned = against(USUAL[::-1])
    assert looping.conformance is not None and looping.conformance < 0.7
    assert turned.conformance is not None and turned.conformance < 0.4
    # AgentFlow's figure sees neither.
    assert looping.agentflow == turned.agentflow == 1.0


def test_no_run_vouches_for_itself() -> None:
    strange = ["exec:rm"] * 3
    alone = of_first([strange, *[USUAL] * 20])
    assert alone.same_path == 0
    assert alone.conformance is not None and alone.conformance < 0.3


def test_an_unseen_path_costs_less_the_fewer_runs_are_known() -> None:
    strange = ["read:mail", "exec:node", "write:inbox", "message:send"]
    found = [against(strange, others).conformance or 0 for others in (5, 10, 20, 100)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9


def test_a_rare_path_costs_by_how_rare_it_is() -> None:
    rare = ["read:mail", "exec:node", "write:inbox", "message:send"]
    found = [of_first([rare, *[rare] * many, *[USUAL] * (100 - many)]).conformance or 0 for many in (0, 3, 8, 25)]
    assert found == sorted(found)
    assert found[-1] == 1.0


def test_one_of_twelve_tools_at_random_is_no_departure() -> None:
    generator = random.Random(12)
    runs = [["read:mail", f"exec:{generator.choice('abcdefghijkl')}", "write:inbox"] for _ in range(240)]
    found = conformance.run(lake(runs), "a").agents[0]
    assert found.spread is not None
    assert found.spread.tenth == 1.0
    # The peer's known defect: every tool is rarer than a tenth.
    every = [*(f"exec:{letter}" for letter in "abcdefghijkl")]
    model = agentflow.shares([(every, [1] * 12)])
    assert agentflow.figure(every, model) == 0.0


def test_an_optional_step_may_be_left_out() -> None:
    with_check = ["read:mail", "exec:check", "write:inbox"]
    assert (
        of_first([["read:mail", "write:inbox"], *[with_check] * 35, *[["read:mail", "write:inbox"]] * 15]).moves == ()
    )


def test_repeats_are_measured_against_those_who_repeat() -> None:
    polling = [["exec:start", *["process:poll"] * (3 + place % 5), "write:out"] for place in range(40)]
    assert of_first(polling).conformance == 1.0
    (move,) = of_first([["exec:start", *["process:poll"] * 30, "write:out"], *polling]).moves
    assert (move.kind, move.times, move.usual_times, move.others) == ("repeated", 30, 5, 0)


def test_few_other_runs_are_not_enough_data() -> None:
    found = conformance.run(lake([USUAL] * 5), "a")
    assert (found.agents[0].too_few, found.agents[0].scored, found.agents[0].spread) == (5, 0, None)
    checked = conformance.run(lake([USUAL] * 5), execution="000").execution
    assert checked is not None and checked.conformance is None
    assert "Not enough data: 4 other runs" in said(shown(render(conformance.run(lake([USUAL] * 5), execution="000"))))


def test_a_run_is_measured_by_its_task_and_by_its_agent_where_that_is_too_little() -> None:
    runs = [*[["exec:mail"]] * 8, *[["exec:news"]] * 8, ["exec:mail"]]
    tasks = [*["mail"] * 8, *["news"] * 8, "once"]
    found = conformance.run(lake(runs, task_id=tasks), "a")
    assert (found.agents[0].scored, found.agents[0].by_task) == (17, 16)
    once = conformance.run(lake(runs, task_id=tasks), execution="016").execution
    assert once is not None and (once.scope, once.support, once.conformance) == ("agent", 16, 1.0)
    wrong = conformance.run(lake([["exec:news"], *runs], task_id=["mail", *tasks]), execution="000").execution
    assert wrong is not None and wrong.scope == "task" and wrong.moves[0].kind == "instead"
    assert conformance.run(lake(runs, task_id=tasks), "a", task="news").agents[0].executions == 8


def test_runs_without_a_choice_are_counted() -> None:
    found = conformance.run(lake([*[USUAL] * 8, [], []]), "a").agents[0]
    assert (found.executions, found.scored, found.silent) == (10, 8, 2)


def relation_of(success: Sequence[bool], odd: Sequence[bool]) -> AgentConformance:
    runs = [["exec:rm", "exec:x", "exec:y"] if strange else USUAL for strange in odd]
    tasks = [f"t{place % 3}" for place in range(len(runs))]
    return conformance.run(lake(runs, success=list(success), task_id=tasks), "a").agents[0]


def test_conformance_that_goes_with_success_is_told_with_an_interval() -> None:
    odd = [place % 10 == 0 for place in range(300)]
    relation = relation_of([not strange or place % 4 == 0 for place, strange in enumerate(odd)], odd).relation
    assert relation is not None and relation.difference is not None
    assert relation.verdict == "different"
    assert relation.difference.interval.high < -0.3
    assert (relation.deviating.total, relation.conforming.total) == (30, 270)


def test_conformance_that_does_not_go_with_success_is_not_said_to() -> None:
    odd = [place % 10 == 0 for place in range(60)]
    relation = relation_of([place % 7 != 0 for place in range(60)], odd).relation
    assert relation is not None and relation.verdict != "different"


def test_agentflows_figure_is_what_agentflow_gives() -> None:
    runs = [
        (["fetch", "parse", "save"], [1, 1, 1]),
        (["fetch", "parse", "save"], [1, 1, 1]),
        (["save", "parse", "fetch"], [1, 1, 1]),
        (["fetch", "alert"], [2, 1]),
    ]
    model = agentflow.shares(runs)
    assert model == {"fetch": 5 / 12, "parse": 3 / 12, "save": 3 / 12, "alert": 1 / 12}
    assert [agentflow.figure(actions, model) for actions, _ in runs] == [1, 1, 1, 0.5]


def test_agentflows_drift_is_a_line() -> None:
    assert agentflow.trend([1.0] * 9).status == "insufficient_data"
    assert agentflow.trend([1.0] * 10).status == "stable"
    falling = agentflow.trend([1 - place / 100 for place in range(20)])
    assert falling.status == "degrading"
    assert [falling.r2, falling.slope] == pytest.approx([1, -0.01])
    assert agentflow.trend([place / 100 for place in range(20)]).status == "improving"


PATHS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), min_size=7, max_size=25)


@given(PATHS)
def test_every_figure_is_explained_by_its_moves(runs: list[list[str]]) -> None:
    alphabet = Alphabet("abcd")
    taken = [Taken(alphabet.encode(run), (1,) * len(run)) for run in runs]
    usual = Usual(Counter(taken))
    for path, aligned in nearest(taken, usual, alphabet).items():
        assert 0 <= aligned.conformance <= 1
        places = len(path.codes) + len(aligned.reference)
        assert aligned.conformance == pytest.approx(1 - sum(move.cost for move in aligned.moves) / places)
        # Moved and exchanged actions are two edits, the rest one; and there are never more than rapidfuzz counts.
        assert sum(move.cost for move in aligned.moves) <= Indel.distance(path.codes, aligned.reference) + 1e-9
        assert all(1 <= move.step <= len(path.codes) + 1 for move in aligned.moves)
        # The counts are of the others only: taken again from the raw runs.
        rest = list(runs)
        rest.remove(list(alphabet.decode(path.codes)))
        for move in aligned.moves:
            assert move.of == len(rest)
            if move.kind in ("extra", "instead"):
                assert move.others <= sum(move.action in other for other in rest)
            assert move.others <= move.of


@given(st.integers(0, 50), st.integers(0, 50))
def test_costs_lie_between_nothing_and_one_place(others: int, more: int) -> None:
    of = others + more
    assert 0 <= unusual(others, of) < 1
    assert expected(others, of) == pytest.approx(unusual(more, of))


def test_the_answer_depends_on_neither_threads_nor_the_order_of_rows_nor_other_agents() -> None:
    generator = random.Random(5)
    executions, decisions = [], []
    for number in range(60):
        agent = "ab"[number % 2]
        run = [f"{agent}:{generator.choice('wxyz')}" for _ in range(generator.randrange(1, 9))]
        executions.append(execution(f"{number:03}", agent, success=generator.random() < 0.5))
        decisions += chain(f"{number:03}", run, agent, outcome="ok", kind="tool_choice")
    first = conformance.run(Lake(executions, decisions))
    assert conformance.run(Lake(executions[::-1], decisions[::-1], threads=4)) == first
    alone = conformance.run(Lake(executions, decisions), "b").agents[0]
    assert (alone.spread, alone.least) == (first.agents[1].spread, first.agents[1].least)


def test_an_execution_is_named_by_the_beginning_of_its_id() -> None:
    world = lake([USUAL] * 8)
    assert conformance.run(world, execution="007").execution is not None
    with pytest.raises(NothingFound, match="several executions"):
        conformance.run(world, execution="00")
    with pytest.raises(NothingFound, match="no execution"):
        conformance.run(world, execution="x")


@pytest.mark.parametrize("width", [80, 100])
def test_the_pages_fit_and_tell_what_agentflow_misses(width: int) -> None:
    odd = [["exec:rm", *["exec:x"] * 7, "exec:y"], USUAL[::-1]]
    world = lake([*odd, *[USUAL] * 30], success=[False, False, *[True] * 30])
    page = shown(render(conformance.run(world, "a"), everything=True), width)
    one = shown(render(conformance.run(world, execution="000")), width)
    for text in (page, one):
        assert max(len(line) for line in text.splitlines() if "soma " not in line) <= width
        assert "knows no order and no repeats" in said(text)
    assert "Least conforming" in page
    assert "exec:x 7 times in a row" in said(one) or "exec:x (7×)" in said(one)
    assert "soma decisions --execution 000" in one


def test_names_from_traces_steer_nothing() -> None:
    world = lake([[HOSTILE, "x"], *[[HOSTILE]] * 20], HOSTILE, task_id=HOSTILE)
    assert harmless(shown(render(conformance.run(world, HOSTILE), everything=True)))
    assert harmless(shown(render(conformance.run(world, execution="000"))))


def test_nothing_to_measure_is_said() -> None:
    assert "soma harvest" in shown(render(conformance.run(Lake([]))))
    assert "No task is called" in shown(render(conformance.run(lake([USUAL] * 9), task="nowhere")))


@pytest.mark.corpus
def test_real_runs_are_measured_as_counted_from_the_raw_files(corpus: Path) -> None:
    runs: list[list[str]] = []
    for file in sorted((corpus / "intercode-bash").glob("*/*.json")):
        if file.parent.name == "gpt-4":
            runs += [
                [f"exec:{(str(action).split() or ['?'])[0]}" for action in run["turn_history"]["actions"]]
                for run in json.loads(file.read_text()).values()
            ]
    found = conformance.run(lake(runs), "a", limit=500).agents[0]
    assert found.scored == sum(bool(run) for run in runs) > 100
    collapsed = [[action for place, action in enumerate(run) if run[place - 1 : place] != [action]] for run in runs]
    for item in found.least:
        others = [path for number, path in enumerate(collapsed) if f"{number:03}" != item.execution_id]
        assert item.same_path == others.count(list(item.path))
        for move in item.moves:
            if move.kind == "extra" and item.path.count(move.action) == 1:
                assert move.others == sum(move.action in path for path in others)
