"""The few paths most runs take: counts, coverage, spreads, and which beginning leads to failure."""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from soma.action.signature import collapsed
from soma.errors import NothingFound
from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import variants
from soma.synthesizer.jobs.tasks.compute import tasks_of
from soma.synthesizer.jobs.tasks.model import Attempt
from soma.synthesizer.jobs.variants.compute import Question, variants_of
from soma.synthesizer.jobs.variants.explain import render
from soma.synthesizer.jobs.variants.model import FailurePrefix, Group, Variants
from soma.synthesizer.queries import query
from soma.synthesizer.stats import Stratum, compare, wilson
from soma.vault import Snapshot, VaultRoot

from . import made, test_queries
from .lake import Lake, chain, execution
from .made import Walk
from .whole import HOSTILE, harmless, said, shown


def lake(*rows: tuple[Execution, list[str]]) -> Lake:
    decisions: list[NormalizedDecision] = []
    for run, actions in rows:
        decisions += chain(run.execution_id, actions, run.agent_id)
    return Lake([run for run, _ in rows], decisions)


def group(found: Variants, agent: str | None = None, task: str | None = None) -> Group:
    (only,) = [one for one in found.groups if (one.agent_id, one.task) == (agent, task)]
    return only


def world(rows: Sequence[tuple[str, str, list[str], bool | None]], **question: object) -> Variants:
    """Agent, task, path and success of each run."""
    runs = [
        Walk(f"x{number:05}", agent, path, "completed" if good else "failed", good, None, None)
        for number, (agent, _, path, good) in enumerate(rows)
    ]
    attempts = [Attempt(f"x{number:05}", agent, task, None) for number, (agent, task, _, _) in enumerate(rows)]
    return variants_of(made.walks(runs), tasks_of(attempts), Question(**question))  # type: ignore[arg-type]


def test_the_query_answers_the_fields_of_a_run_in_the_dialect_of_all_engines() -> None:
    assert tuple(Lake([]).sql(query("soma.synthesizer", "walks")).column_names) == Walk.__struct_fields__
    test_queries.test_only_what_every_engine_reads_alike("soma.synthesizer", "walks")


def test_repeats_and_counters_do_not_make_another_variant() -> None:
    found = variants.run(
        lake(
            (execution("1"), ["exec:ls", "exec:ls", "read:a_1"]),
            (execution("2"), ["exec:ls", "read:a_2", "read:a_3"]),
            (execution("3"), ["read:a", "exec:ls"]),
            (execution("4"), []),
            (execution("5", parent_execution_id="1"), ["exec:ls"]),
            (execution("6", labels={"branch": "abandoned"}), ["exec:ls"]),
        )
    )
    whole = group(found)
    assert [(one.path, one.executions) for one in whole.variants] == [
        (("exec:ls", "read:a"), 2), ((), 1), (("read:a", "exec:ls"), 1),
    ]  # fmt: skip
    assert (whole.executions, whole.variants_total, whole.unrecorded) == (4, 3, 1)


def test_coverage_counts_the_fewest_variants_that_explain_the_share() -> None:
    rows = [("a", "t", [name], True) for name, many in (("p", 5), ("q", 3), ("r", 2)) for _ in range(many)]
    for share, covering, covered in ((0.5, 1, 5), (0.51, 2, 8), (0.8, 2, 8), (0.81, 3, 10), (1.0, 3, 10), (0.1, 1, 5)):
        whole = group(world(rows, min_coverage=share))
        assert (whole.covering, whole.covered) == (covering, covered)
    assert [one.covered for one in whole.variants] == [0.5, 0.8, 1.0]
    few = group(world(rows, most=1))
    assert (len(few.variants), few.variants_total, few.covering, few.covered) == (1, 3, 2, 8)


def test_completed_is_never_called_success() -> None:
    found = variants.run(lake(*((execution(s, status=s), ["exec:ls"]) for s in ("completed", "failed", "unknown"))))
    (variant,) = group(found).variants
    assert variant.success is None
    assert variant.completed is not None
    assert (variant.completed.successes, variant.completed.total) == (1, 2)
    page = shown(render(found))
    assert "completed" in page
    assert "success" not in page.partition("Not known")[0]
    assert "success of 3 of 3 runs; the end of 1 of 3 runs" in said(page)


def test_spreads_are_those_of_the_standard_library() -> None:
    generator = random.Random(7)
    for many in (2, 3, 7, 20):
        values = [generator.expovariate(0.01) for _ in range(many)]
        rows = [(execution(f"{n}", duration_ms=value, cost_usd=value / 1000), ["a"]) for n, value in enumerate(values)]
        (variant,) = group(variants.run(lake(*rows, (execution("x"), ["a"])))).variants
        for spread, scale in ((variant.duration_ms, 1), (variant.cost_usd, 1000)):
            assert spread is not None
            assert spread.known == many
            assert scale * spread.total == pytest.approx(sum(values))
            quartiles = [scale * spread.low, scale * spread.median, scale * spread.high]
            assert quartiles == pytest.approx(statistics.quantiles(values, n=4, method="inclusive"))
    (alone,) = group(variants.run(lake((execution("1", duration_ms=5.0), ["a"])))).variants
    assert alone.duration_ms is not None
    assert (alone.duration_ms.low, alone.duration_ms.median, alone.duration_ms.high) == (5.0, 5.0, 5.0)
    assert alone.cost_usd is None


def planted(seed: int, effect: float) -> list[tuple[str, str, list[str], bool | None]]:
    """Half of the runs take ``exec:node`` after the first step; that costs ``effect``."""
    generator = random.Random(f"variants {seed}")
    rows: list[tuple[str, str, list[str], bool | None]] = []
    for number in range(80):
        costly = generator.random() < 0.5
        first = generator.choice(["exec:himalaya", "exec:himalaya", "exec:himalaya", "read:config"])
        path = [first, "exec:node" if costly else "process:poll", generator.choice(["write:inbox", "message:send"])]
        chance = 0.9 - 0.05 * (number % 4) - (effect if costly else 0)
        rows.append(("a", f"t{number % 4}", path, generator.random() < chance))
    return rows


def test_a_planted_beginning_is_found_and_nothing_is_found_where_there_is_nothing() -> None:
    worlds = 60
    hits = sum(
        (found := group(world(planted(seed, 0.6))).failure) is not None and "exec:node" in found.prefix
        for seed in range(worlds)
    )
    assert hits >= 0.9 * worlds
    alarms = sum(any(one.failure for one in world(planted(seed, 0.0)).groups) for seed in range(worlds))
    # At a true rate of 5 %, more than 9 of 60 has a probability of 0.2 %.
    assert alarms <= 9


def test_harder_tasks_do_not_blame_the_beginning_they_call_for() -> None:
    generator = random.Random(11)
    alarms = naive = 0
    for _ in range(40):
        rows: list[tuple[str, str, list[str], bool | None]] = []
        for number in range(120):
            hard = number % 2 == 0
            looks = generator.random() < (0.85 if hard else 0.15)
            rows.append(("a", "hard" if hard else "easy", ["exec:ls" if looks else "exec:cat", "exec:rm"],
                         generator.random() < (0.25 if hard else 0.9)))  # fmt: skip
        whole = group(world(rows))
        alarms += whole.failure is not None
        sides = [[good for _, _, path, good in rows if path[0] == first] for first in ("exec:cat", "exec:ls")]
        plain = compare([Stratum(sum(map(bool, sides[0])), len(sides[0]), sum(map(bool, sides[1])), len(sides[1]))])
        naive += plain is not None and plain.interval.high < 0
    assert naive >= 36
    # At 5 %, more than 7 of 40 has a probability of 0.3 %.
    assert alarms <= 7


def test_a_beginning_needs_runs_on_both_sides_of_the_same_task() -> None:
    alone = world([("a", f"t{n}", ["bad"] if n < 20 else ["good"], n >= 20) for n in range(40)])
    assert group(alone).tried == 0
    assert "not enough data" in said(shown(render(alone)))
    few = world([("a", "t", ["bad"] if n < 4 else ["good"], n >= 4) for n in range(40)])
    assert group(few).tried == 0
    enough = world([("a", "t", ["bad"] if n < 5 else ["good"], n >= 5) for n in range(40)])
    assert group(enough).failure is not None


def test_of_beginnings_the_same_runs_took_the_shortest_counts() -> None:
    rows: list[tuple[str, str, list[str], bool | None]] = [
        ("a", "t", ["s", "bad", "x", "y"] if n % 2 else ["s", "good"], n % 2 == 0) for n in range(60)
    ]
    whole = group(world(rows))
    assert {one.prefix for one in whole.beginnings} == {("s", "bad"), ("s", "good")}
    assert whole.failure is not None
    assert whole.failure.prefix == ("s", "bad")
    assert (whole.failure.following.successes, whole.failure.others.successes) == (0, 30)
    assert whole.failure.agents == {"a": 30}
    assert list(whole.failure.examples) == ["x00001", "x00003", "x00005"]


def test_one_agents_habit_is_pointed_out_over_all_agents() -> None:
    rows: list[tuple[str, str, list[str], bool | None]] = [
        ("weak" if n % 2 else "strong", "t", ["bad"] if n % 2 else ["good"], n % 2 == 0) for n in range(60)
    ]
    page = said(shown(render(world(rows))))
    assert "Be careful: 30 of these 30 runs are of weak" in page


def test_the_answer_depends_on_no_order() -> None:
    rows = planted(3, 0.6)
    runs = [Walk(f"x{n:05}", a, p, "completed", good, float(n), 0.1 * n) for n, (a, _, p, good) in enumerate(rows)]
    tasks = tasks_of([Attempt(f"x{n:05}", a, t, None) for n, (a, t, _, _) in enumerate(rows)])
    expected = variants_of(made.walks(runs), tasks, Question())
    for seed in range(5):
        random.Random(seed).shuffle(runs)
        assert variants_of(made.walks(runs), tasks, Question()) == expected


def test_groups_are_those_asked_about() -> None:
    rows = [("a", "t", ["p"], True)] * 5 + [("b", "t", ["p"], True)] * 4
    assert [(one.scope, one.agent_id) for one in world(rows).groups] == [
        ("all", None), ("agent", "a"), ("agent", "b"), ("agent and task", "a"),
    ]  # fmt: skip
    assert world(rows).thin == 1
    named = world(rows, task="t")
    assert [(one.scope, one.agent_id) for one in named.groups] == [
        ("task", None), ("agent and task", "a"), ("agent and task", "b"),
    ]  # fmt: skip
    assert [one.scope for one in world(rows, agent="b").groups] == ["agent"]
    assert world(rows, agent="nobody").groups == ()
    assert "no run on its own account" in shown(render(world(rows, agent="nobody")))
    with pytest.raises(NothingFound, match="no task is called 'else'"):
        variants.run(lake((execution("1", task_id="t"), ["a"])), task="else")


def test_hostile_names_do_not_steer_the_screen() -> None:
    rows: list[tuple[str, str, list[str], bool | None]] = [
        (HOSTILE, HOSTILE, [HOSTILE, "good"] if n % 2 else [HOSTILE, HOSTILE * 40], bool(n % 2)) for n in range(40)
    ]
    for width in (80, 100):
        page = shown(render(world(rows)), width)
        assert harmless(page)
        assert max(len(line) for line in page.splitlines() if "soma " not in line) <= width


@pytest.fixture(scope="module")
def snapshot(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    from soma.harvester.harvest import Options, harvest

    root = VaultRoot(tmp_path_factory.mktemp("variants") / "vault")
    harvest([str(corpus / "intercode-bash")], root, Options(jobs=1))
    return root.snapshot()


@pytest.mark.corpus
def test_variants_of_real_agents_are_those_counted_decision_by_decision(snapshot: Snapshot) -> None:
    found = variants.run(snapshot)
    rows = snapshot.sql(
        "SELECT d.execution_id, e.agent_id, d.action, e.success FROM decisions AS d JOIN executions AS e "
        "USING (execution_id) WHERE d.kind NOT IN ('failure', 'guard') ORDER BY d.execution_id, d.step, d.decision_id"
    ).to_pylist()
    actions: dict[str, list[str]] = defaultdict(list)
    facts = {row["execution_id"]: (row["agent_id"], row["success"]) for row in rows}
    for row in rows:
        actions[row["execution_id"]].append(row["action"])
    paths = {run: tuple(name for name, _ in collapsed(names)) for run, names in actions.items()}
    counted = Counter((facts[run][0], path) for run, path in paths.items())
    good = Counter((facts[run][0], path) for run, path in paths.items() if facts[run][1])
    checked = 0
    for one in found.groups:
        if one.scope != "agent":
            continue
        for variant in one.variants:
            if variant.path and one.agent_id is not None:
                key = (one.agent_id, variant.path)
                assert variant.executions == counted[key]
                assert variant.success is not None
                assert variant.success.successes == good[key]
                assert variant.success.interval == wilson(good[key] / counted[key], counted[key])
                checked += 1
        shares = sorted((variant.executions for variant in one.variants), reverse=True)
        assert sum(shares[: one.covering]) >= 0.8 * one.executions > sum(shares[: one.covering - 1])
    assert checked == len(counted)


@pytest.mark.corpus
def test_a_beginning_of_real_runs_is_recomputed_by_hand(snapshot: Snapshot) -> None:
    whole = group(variants.run(snapshot))
    assert whole.tried == len(whole.beginnings) > 10
    runs = snapshot.sql(
        "SELECT e.execution_id, e.task_id, e.success, p.actions FROM executions AS e JOIN paths AS p "
        "USING (execution_id) WHERE e.success IS NOT NULL ORDER BY e.execution_id"
    ).to_pylist()

    def by_hand(found: FailurePrefix) -> tuple[list[int], list[int]]:
        sides: dict[str, tuple[list[bool], list[bool]]] = defaultdict(lambda: ([], []))
        for run in runs:
            began = tuple(run["actions"][: len(found.prefix)]) == found.prefix
            sides[run["task_id"]][0 if began else 1].append(run["success"])
        both = [side for side in sides.values() if all(side)]
        return ([sum(map(sum, part)) for part in zip(*both, strict=True)],
                [sum(map(len, part)) for part in zip(*both, strict=True)])  # fmt: skip

    for found in whole.beginnings[:8]:
        good, many = by_hand(found)
        assert good == [found.following.successes, found.others.successes]
        assert many == [found.following.total, found.others.total]
