"""Distress flows along trust, is never amplified, and leaves with its source."""

from __future__ import annotations

import itertools
import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma.errors import UsageError
from soma.pressure import Action, Edge, Engine, Mode
from soma.pressure.graph import effective, joined

PICTURE = [
    Edge("claude_sub", "planner", 0.4),
    Edge("planner", "orchestrator", 0.9),
    Edge("scribe", "orchestrator", 1.0),
]


def test_the_picture_of_the_seed_comes_out() -> None:
    told = effective({"claude_sub": 0.71, "scribe": 0.05}, PICTURE)
    assert {name: round(value, 2) for name, value in told.items()} == {
        "claude_sub": 0.71, "planner": 0.28, "orchestrator": 0.25, "scribe": 0.05,
    }  # fmt: skip


def test_one_edge_counts_with_its_trust() -> None:
    told = [effective({"a": 0.7}, [Edge("a", "b", trust)])["b"] for trust in (1.0, 0.4, 0.01, 0.0)]
    assert told == pytest.approx([0.6993, 0.27972, 0.006993, 0.0])


graphs = st.integers(0, 10_000)


def random_graph(seed: int) -> tuple[dict[str, float], list[Edge]]:
    random_ = random.Random(seed)
    names = [f"n{number}" for number in range(random_.randint(2, 7))]
    pairs = random_.sample(list(itertools.permutations(names, 2)), random_.randint(1, len(names)))
    return {name: random_.random() for name in names}, [Edge(*pair, random_.random()) for pair in pairs]


@given(graphs)
def test_nothing_is_amplified_and_nobody_is_calmed(seed: int) -> None:
    own, edges = random_graph(seed)
    told = effective(own, edges)
    assert all(own[name] <= told[name] <= max(own.values()) for name in own)


@given(graphs)
def test_what_arrives_is_below_the_best_path_and_near_it_within_two_edges(seed: int) -> None:
    own, edges = random_graph(seed)
    told = effective(own, edges)
    graph: nx.DiGraph[str] = nx.DiGraph()
    for edge in edges:
        graph.add_edge(edge.source, edge.target, trust=edge.trust)
    for target in told:
        best, near = own[target], own[target]
        for source in graph.nodes if target in graph else ():
            if source == target:
                continue
            for path in nx.all_simple_paths(graph, source, target):
                arriving = own[source]
                for a, b in itertools.pairwise(path):
                    arriving *= graph[a][b]["trust"]
                best = max(best, arriving)
                if len(path) <= 3:
                    near = max(near, arriving)
        assert told[target] <= best + 1e-12
        assert told[target] >= near * 0.972 - 1e-12


@given(graphs, st.randoms(use_true_random=False))
def test_the_order_of_agents_and_edges_does_not_matter(seed: int, random_: random.Random) -> None:
    own, edges = random_graph(seed)
    names = list(own)
    random_.shuffle(names)
    shuffled = random_.sample(edges, len(edges))
    assert effective({name: own[name] for name in names}, shuffled) == effective(own, edges)


def test_a_cycle_forgets_with_its_source() -> None:
    engine = Engine(edges=[Edge("a", "b", 1.0), Edge("b", "a", 1.0)])
    for _ in range(8):
        engine.step("a", Action(action="x", arguments_digest="same", outcome="failed"))
    assert engine.step("b", Action(action="y", arguments_digest="1", outcome="ok")).mode == Mode.BLOCK
    for number in range(30):
        engine.step("a", Action(action="x", arguments_digest=str(number), outcome="ok"))
    reading = engine.step("b", Action(action="y", arguments_digest="2", outcome="ok"))
    assert reading.effective < 0.25
    assert reading.mode == Mode.OBSERVE


def test_the_reading_tells_that_it_is_anothers_distress() -> None:
    engine = Engine(edges=[Edge("sub", "parent", 0.8)])
    for _ in range(5):
        engine.step("sub", Action(action="x", arguments_digest="same", outcome="failed"))
    reading = engine.step("parent", Action(action="y", outcome="ok"))
    assert (reading.mode, reading.reason()) == (Mode.WARN, "another agent's distress")
    assert reading.pressure < 0.25


@pytest.mark.parametrize("trust", [-0.1, 1.1, float("nan")])
def test_trust_is_from_0_to_1(trust: float) -> None:
    with pytest.raises(ValueError, match="trust must be from 0 to 1"):
        Edge("a", "b", trust)


def test_an_edge_is_declared_once() -> None:
    assert joined([Edge("a", "b", 0.5), Edge("a", "b", 0.5)]) == [Edge("a", "b", 0.5)]
    with pytest.raises(UsageError, match="two trusts"):
        joined([Edge("a", "b", 0.5), Edge("a", "b", 0.6)])
    with pytest.raises(ValueError, match="cannot trust itself"):
        Edge("a", "a", 0.5)
