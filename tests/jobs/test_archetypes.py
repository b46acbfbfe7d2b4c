"""Kinds of runs: which paths are taken together, by what rule, and what is told of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma.synthesizer.jobs import archetypes
from soma.synthesizer.jobs.archetypes import cluster
from soma.synthesizer.jobs.archetypes.cluster import CUT, clusters_of
from soma.synthesizer.jobs.archetypes.compute import common_actions
from soma.synthesizer.jobs.archetypes.explain import render
from soma.synthesizer.jobs.archetypes.model import Archetypes
from soma.vault import VaultRoot

from .lake import Lake, chain, execution
from .whole import HOSTILE, harmless, said, shown

Taken = tuple[str, ...]
PATHS = st.dictionaries(
    st.lists(st.sampled_from(["ls", "cat", "sed", "py"]), min_size=1, max_size=6).map(tuple),
    st.integers(1, 5),
    max_size=12,
)


def distance(one: Taken, other: Taken) -> float:
    """The normalised Indel distance by the textbook recursion for the longest common subsequence."""

    @cache
    def common(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return 0
        if one[i] == other[j]:
            return 1 + common(i + 1, j + 1)
        return max(common(i + 1, j), common(i, j + 1))

    return 1 - 2 * common(0, 0) / (len(one) + len(other))


def led(counts: Mapping[Taken, int]) -> set[frozenset[Taken]]:
    """The same clusters, made as the rule says it and no other way."""
    order = sorted(counts, key=lambda path: (-counts[path], path))
    leaders: list[Taken] = []
    for path in order:
        if all(distance(path, leader) > CUT + 1e-6 for leader in leaders):
            leaders.append(path)
    groups: dict[Taken, set[Taken]] = {leader: set() for leader in leaders}
    for path in order:
        groups[min(leaders, key=lambda leader: (round(distance(path, leader), 6), leaders.index(leader)))].add(path)
    return {frozenset(group) for group in groups.values()}


@given(PATHS)
def test_clusters_are_those_of_the_rule(counts: dict[Taken, int]) -> None:
    found, alone = clusters_of(counts)
    assert alone == []
    assert {frozenset(one.paths) for one in found} == led(counts)


@given(PATHS)
def test_the_medoid_is_the_member_nearest_to_all_executions(counts: dict[Taken, int]) -> None:
    for one in clusters_of(counts)[0]:
        sums = {path: sum(counts[other] * distance(path, other) for other in one.paths) for path in one.paths}
        assert sums[one.medoid] == pytest.approx(min(sums.values()), abs=1e-5)
        many = sum(counts[path] for path in one.paths)
        assert one.spread == pytest.approx(sums[one.medoid] / many, abs=1e-5)


@given(PATHS, st.randoms(use_true_random=False))
def test_the_order_of_paths_does_not_matter(counts: dict[Taken, int], generator: random.Random) -> None:
    items = list(counts.items())
    generator.shuffle(items)
    assert clusters_of(dict(items)) == clusters_of(counts)


def test_rare_paths_beyond_the_cap_go_to_the_nearest_leader_or_stay_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "COMPARED", 2)
    counts = {("a", "b", "c"): 5, ("x", "y", "z"): 4, ("a", "b", "d", "c"): 1, ("p", "q"): 1}
    found, alone = clusters_of(counts)
    assert [one.paths for one in found] == [(("a", "b", "c"), ("a", "b", "d", "c")), (("x", "y", "z"),)]
    assert alone == [("p", "q")]


def test_paths_of_more_actions_than_there_are_letters_below_the_surrogates_are_compared() -> None:
    wide = tuple(f"action {number}" for number in range(300))
    counts = {wide: 2, wide[:-1]: 1, wide[::-1]: 1}
    found, _ = clusters_of(counts)
    assert [one.paths for one in found] == [(wide, wide[:-1]), (wide[::-1],)]


def world() -> Lake:
    rows = [
        *[(f"1{at}", "one", ["read", "edit", "test"], at != 0, "t") for at in range(6)],
        *[(f"2{at}", "two", ["read", "edit", "edit:x", "test"], False, "u") for at in range(3)],
        *[(f"3{at}", "two", ["ls", "cat"], None, None) for at in range(2)],
        ("4", "two", ["mail"], None, None),
    ]
    runs = [
        execution(identity, agent, success=good, task_id=task, status="completed", duration_ms=float(at), cost_usd=None)
        for at, (identity, agent, _, good, task) in enumerate(rows)
    ]
    return Lake(runs, [one for identity, agent, path, *_ in rows for one in chain(identity, path, agent)])


def test_an_archetype_tells_whose_runs_they_are_and_how_they_end() -> None:
    found = archetypes.run(world())
    assert [(one.label, one.executions) for one in found.archetypes] == [("read → edit → test", 9), ("ls → cat", 2)]
    first, second = found.archetypes
    assert (first.agents, first.tasks, first.paths) == ({"one": 6, "two": 3}, 2, 2)
    assert first.success is not None
    assert (first.success.successes, first.success.total) == (5, 9)
    assert first.medoid == ("read", "edit", "test")
    assert first.medoid_execution == "10"
    assert first.duration_ms is not None
    assert (first.duration_ms.median, first.duration_ms.known) == (4.0, 9)
    assert first.cost_usd is None
    assert second.success is None
    assert second.completed is not None
    assert (found.executions, found.paths, found.rare, found.not_placed) == (12, 4, 1, 0)
    assert [one.label for one in archetypes.run(world(), "one").archetypes] == ["read → edit → test"]


def test_common_actions_are_those_of_most_runs_in_the_order_of_the_medoid() -> None:
    taken = [(["b", "a"], 1), (["b", "a", "c"], 2), (["a", "b", "c", "c"], 1), (["b", "d"], 1)]
    assert common_actions(("b", "a", "c", "b"), taken) == ("b", "a", "c")
    assert common_actions(("d", "b"), taken) == ("b",)


def test_threads_and_rows_in_another_order_make_no_difference() -> None:
    generator = random.Random("archetypes")
    runs, decisions = [], []
    for at in range(150):
        path = generator.choices(["ls", "cat", "sed", "py", "git"], k=generator.randint(1, 6))
        runs.append(execution(f"{at:03}", "a"))
        decisions += chain(f"{at:03}", path, "a")
    first = archetypes.run(Lake(runs, decisions))
    generator.shuffle(runs)
    generator.shuffle(decisions)
    assert archetypes.run(Lake(runs, decisions, threads=4)) == first
    assert sum(one.executions for one in first.archetypes) + first.rare == 150


def test_the_page_says_the_rule_and_one_run_of_each() -> None:
    words = said(shown(render(archetypes.run(world())), 100))
    assert "9 × read → edit → test" in words
    assert "one 6, two 3 · 2 tasks · 2 paths" in words
    assert "success 55.6 % (5 of 9)" in words
    assert "e.g. 10" in words
    assert "alike are paths that share at least 60 % of their actions in the same order" in words
    assert "1 run in kinds of fewer than 2 runs" in words


def test_the_page_is_plain_and_fits_whatever_names_hold() -> None:
    rows = [execution(str(at), HOSTILE) for at in range(3)]
    lake = Lake(rows, [one for row in rows for one in chain(row.execution_id, [HOSTILE, "ls"], HOSTILE)])
    for width in (80, 100):
        page = shown(render(archetypes.run(lake)), width)
        assert harmless(page)
        assert max(len(line) for line in page.splitlines()) <= width


def test_a_vault_without_runs_says_so() -> None:
    empty: Archetypes = archetypes.run(Lake([]))
    assert (empty.archetypes, empty.executions) == ((), 0)
    assert "soma harvest" in said(shown(render(empty)))


def test_kinds_of_real_runs_hold_every_run_once(fixtures: Path, tmp_path: Path) -> None:
    from soma.harvester.harvest import Options, harvest

    root = VaultRoot(tmp_path / "vault")
    harvest([str(fixtures / "generic" / "intercode")], root, Options(jobs=1))
    snapshot = root.snapshot()
    found = archetypes.grouped(snapshot)
    members: Sequence[str] = [execution for _, runs in found for execution in runs]
    assert max(Counter(members).values()) == 1
    counted = snapshot.sql("SELECT count(*) AS n FROM executions WHERE decisions > 0")["n"][0].as_py()
    assert len(members) == counted
    labels = [archetype.label for archetype, _ in found[:2]]
    assert labels == ["exec:find", "exec:ls"]
    assert all(sum(archetype.agents.values()) == len(runs) for archetype, runs in found)
