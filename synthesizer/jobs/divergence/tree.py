"""The prefix tree of the paths, with the value of each choice given the path so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .model import END, Branch

SHRINKAGE = 4.0
"""Runs that the branch above counts for: a branch of four runs lies half-way between its own rate and that above it."""


def tree_of(
    first: Iterable[tuple[tuple[str, ...], bool | None]],
    second: Iterable[tuple[tuple[str, ...], bool | None]],
    *,
    depth: int,
    limit: int,
) -> tuple[Branch, ...]:
    """The most travelled branches, from the start outwards.

    The value of a branch is its success rate shrunk towards the value of the branch above it, ``(successes +
    SHRINKAGE * above) / (known + SHRINKAGE)``: m-estimates down a tree (Cestnik, ECAI 1990, 147-149).

    Args:
        first: Path and outcome (``None``: not known) of each run of the first agent.
        second: The same of the other.
        depth: How long a branch may be.
        limit: How many branches to give; those above a given one are always given too.
    """
    counts: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for side, runs in enumerate((first, second)):
        for path, outcome in runs:
            for end in range(min(len(path) + 1, depth) + 1):
                branch = path[:end] if end <= len(path) else (*path, END)
                counts[branch][side] += 1
                counts[branch][2] += outcome is not None
                counts[branch][3] += outcome is True
    kept = sorted(counts, key=lambda branch: (-counts[branch][0] - counts[branch][1], len(branch), branch))[:limit]
    values: dict[tuple[str, ...], float | None] = {}
    for branch in sorted(kept, key=len):
        values[branch] = _value(counts[branch], values.get(branch[:-1]) if branch else None)
    return tuple(
        Branch(path=branch, first=counts[branch][0], second=counts[branch][1], known=counts[branch][2],
               successes=counts[branch][3], value=values[branch])
        for branch in sorted(kept)
    )  # fmt: skip


def _value(counted: Sequence[int], above: float | None) -> float | None:
    _, _, known, successes = counted
    if above is None:
        return round(successes / known, 6) if known else None
    return round((successes + SHRINKAGE * above) / (known + SHRINKAGE), 6)
