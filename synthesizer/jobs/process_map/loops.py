"""Edges that lead back."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Loop

Ends = tuple[str | None, str | None]


def loops(edges: Iterable[Ends]) -> dict[Ends, tuple[Loop, int | None]]:
    """The edges that lead back: to the very action, or around a cycle, whose number is given as well.

    A cycle is a strongly connected component of two actions or more (Tarjan, *SIAM Journal on Computing* 1 (1972)
    146-160): every edge inside one lies on a way back. Cycles are numbered by size, the largest first, then by name.
    """
    import networkx as nx

    drawn = [(source, target) for source, target in edges if source is not None and target is not None]
    graph = nx.DiGraph(drawn)
    members = sorted(
        (sorted(component) for component in nx.strongly_connected_components(graph) if len(component) > 1),
        key=lambda names: (-len(names), names),
    )
    cycle_of = {name: number for number, names in enumerate(members, 1) for name in names}
    found: dict[Ends, tuple[Loop, int | None]] = {}
    for source, target in drawn:
        number = cycle_of.get(source)
        if source == target:
            found[source, target] = ("self", number)
        elif number is not None and number == cycle_of.get(target):
            found[source, target] = ("cycle", number)
    return found
