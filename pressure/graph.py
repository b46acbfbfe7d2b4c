"""The trust graph: whose distress reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from soma.errors import UsageError

from .constants import RELAXATION, SWEEPS


class Edge(msgspec.Struct, frozen=True, rename="camel"):
    """When ``source`` struggles, ``target`` feels ``trust`` of it: from a sub-agent to who delegated to it."""

    source: str
    target: str
    trust: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.trust <= 1.0:
            raise ValueError(f"trust must be from 0 to 1, not {self.trust}")
        if self.source == self.target:
            raise ValueError(f"{self.source} cannot trust itself")


def joined(edges: Iterable[Edge]) -> list[Edge]:
    """The edges in a fixed order, each pair of agents once.

    Raises:
        UsageError: if one pair is given with two different trusts.
    """
    found: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        other = found.setdefault((edge.source, edge.target), edge)
        if other.trust != edge.trust:
            told = f"two trusts for {edge.source} → {edge.target}: {other.trust} and {edge.trust}"
            raise UsageError(told, hint="declare each edge once")
    return [found[key] for key in sorted(found)]


def effective(own: Mapping[str, float], edges: Iterable[Edge]) -> dict[str, float]:
    """Pressure of every agent with what reaches it over the graph.

    Wanted is ``max(own, trust · source)`` (issue, seed 001). Starting from the own pressures, each of three sweeps
    moves every agent 0.9 of the way there, all at once, so the order of agents does not matter. Every step is a mean of
    values no higher than the highest own pressure: nothing is amplified. Each call starts anew: nothing echoes in a
    cycle after its source has calmed down. With one edge trust counts in full (it is not divided by the sum of trusts).

    Args:
        own: Own pressure of every agent.
        edges: Agents without an own pressure have 0.
    """
    edges = list(edges)
    now = dict(own)
    for edge in edges:
        now.setdefault(edge.source, 0.0)
        now.setdefault(edge.target, 0.0)
    start = dict(now)
    incoming: dict[str, list[Edge]] = {}
    for edge in edges:
        incoming.setdefault(edge.target, []).append(edge)
    for _ in range(SWEEPS):
        wanted = {
            agent: max(start[agent], *(edge.trust * now[edge.source] for edge in coming))
            for agent, coming in incoming.items()
        }
        for agent, goal in wanted.items():
            now[agent] += RELAXATION * (goal - now[agent])
    return now
