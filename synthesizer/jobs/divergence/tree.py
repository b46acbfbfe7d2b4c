"""The prefix tree of the paths, with the value of each choice given the path so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from .model import END, Branch

_ENDED = "\0"
SHRINKAGE = 4.0
"""Runs that the branch above counts for: a branch of four runs lies half-way between its own rate and that above it."""


def tree_of(
    runs: Iterable[tuple[str, Sequence[int]]], spelled: Callable[[str], tuple[str, ...]], *, depth: int, limit: int
) -> tuple[Branch, ...]:
    """The most travelled branches, from the start outwards.

    The value of a branch is its success rate shrunk towards the value of the branch above it, ``(successes +
    SHRINKAGE * above) / (known + SHRINKAGE)``: m-estimates down a tree (Cestnik, ECAI 1990, 147-149).

    Args:
        runs: Every path, as a word, with its counts: runs of the first agent, of the second, of how many the outcome
            is known, of how many it is success.
        spelled: The actions of a word.
        depth: How long a branch may be.
        limit: How many branches to give; those above a given one are always given too.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for word, counted in runs:
        for end in range(min(len(word) + 1, depth) + 1):
            held = counts[word[:end] if end <= len(word) else word + _ENDED]
            for place, many in enumerate(counted):
                held[place] += many
    path_of = lru_cache(maxsize=None)(lambda branch: _path(branch, spelled))
    kept = _most_travelled(counts, path_of, limit)
    values: dict[str, float | None] = {}
    for branch in sorted(kept, key=len):
        values[branch] = _value(counts[branch], values.get(branch[:-1]) if branch else None)
    return tuple(
        Branch(path=path_of(branch), first=counts[branch][0], second=counts[branch][1], known=counts[branch][2],
               successes=counts[branch][3], value=values[branch])
        for branch in sorted(kept, key=path_of)
    )  # fmt: skip


def _path(branch: str, spelled: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    return (*spelled(branch[:-1]), END) if branch.endswith(_ENDED) else spelled(branch)


def _most_travelled(
    counts: Mapping[str, Sequence[int]], path_of: Callable[[str], tuple[str, ...]], limit: int
) -> list[str]:
    """Of branches that are travelled alike the shorter first, then in the order of their actions."""

    def rank(branch: str) -> tuple[int, int]:
        return (-counts[branch][0] - counts[branch][1], len(branch))

    # Only those that may be among the kept are spelled.
    last = sorted(map(rank, counts))[:limit][-1:]
    near = [branch for branch in counts if [rank(branch)] <= last]
    return sorted(near, key=lambda branch: (*rank(branch), path_of(branch)))[:limit]


def _value(counted: Sequence[int], above: float | None) -> float | None:
    _, _, known, successes = counted
    if above is None:
        return round(successes / known, 6) if known else None
    return round((successes + SHRINKAGE * above) / (known + SHRINKAGE), 6)
