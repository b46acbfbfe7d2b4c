"""In which order the actions of a process map stand below each other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Weights = Mapping[tuple[str, str], int]


def forward(names: Collection[str], weights: Weights) -> list[str]:
    """An order in which little leads back: the greedy heuristic for the feedback arc set.

    Sinks go to the end, sources to the start, and else the name whose ways out outweigh its ways in the most; names
    decide ties. Eades, Lin & Smyth, *Information Processing Letters* 47 (1993) 319-323.
    """
    left, start, end = set(names), list[str](), list[str]()
    while left:
        out = {name: _sum(name, left, weights, outwards=True) for name in left}
        into = {name: _sum(name, left, weights, outwards=False) for name in left}
        if sinks := [name for name in left if not out[name]]:
            chosen = min(sinks, key=lambda name: (-into[name], name))
            end.insert(0, chosen)
        else:
            chosen = min(left, key=lambda name: (into[name] > 0, into[name] - out[name], name))
            start.append(chosen)
        left.remove(chosen)
    return start + end


def _sum(name: str, left: Collection[str], weights: Weights, *, outwards: bool) -> int:
    own, other = (0, 1) if outwards else (1, 0)
    return sum(weight for ends, weight in weights.items() if ends[own] == name != ends[other] and ends[other] in left)
