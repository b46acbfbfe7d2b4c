"""Paths of two agents laid beside one another: the backbone both follow, and what each run does between its places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from .model import END

LONGEST = 40
"""Places of a path that are looked at: two agents that do not part in so many steps do not part in their choices."""

_CANDIDATES = 120
_FOLLOWED = 0.5
_FIRST_SYMBOL = 0x100


class Slot(msgspec.Struct, frozen=True):
    """What a run does after it reached a place of the backbone.

    Attributes:
        choice: The next action; ``END`` where it ends.
        at: Where in the run's path it stands.
    """

    choice: str
    at: int


class Aligned(msgspec.Struct, frozen=True):
    """All paths against one backbone.

    Attributes:
        backbone: The actions of the common path, in order.
        slots: Per path its slots by place: slot 0 is the start, slot ``n`` follows the ``n``-th action of the backbone.
            A place that the path does not reach has none.
    """

    backbone: tuple[str, ...]
    slots: dict[tuple[str, ...], dict[int, Slot]]


def aligned(first: Counter[tuple[str, ...]], second: Counter[tuple[str, ...]]) -> Aligned:
    """The paths of two agents against their backbone; both agents weigh the same however many runs they have.

    The backbone starts as the medoid, the path with the smallest mean edit distance (insertions and deletions) to all
    (Kaufman & Rousseeuw, *Finding Groups in Data*, 1990, ch. 2); places that neither agent mostly follows are dropped.
    """
    weights = {
        path: first[path] / max(1, first.total()) + second[path] / max(1, second.total())
        for path in sorted(first.keys() | second.keys())
    }
    symbols = _symbols(weights)
    backbone = _medoid(weights, symbols)
    for _ in range(2):
        matches = {path: _matched(path, backbone, symbols) for path in weights}
        followed = [
            max(_share(side, matches, place) for side in (first, second)) >= _FOLLOWED for place in range(len(backbone))
        ]
        if all(followed):
            break
        backbone = tuple(action for action, kept in zip(backbone, followed, strict=True) if kept)
    return Aligned(backbone, {path: _slots(path, _matched(path, backbone, symbols)) for path in weights})


def _symbols(paths: Mapping[tuple[str, ...], float]) -> dict[str, str]:
    """A character for each action, so that paths can be compared as texts."""
    return {
        action: chr(_FIRST_SYMBOL + number)
        for number, action in enumerate(sorted({action for path in paths for action in path}))
    }


def _spelled(path: Sequence[str], symbols: Mapping[str, str]) -> str:
    return "".join(symbols[action] for action in path)


def _medoid(weights: Mapping[tuple[str, ...], float], symbols: Mapping[str, str]) -> tuple[str, ...]:
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    known = sorted(weights, key=lambda path: (-weights[path], path))[:_CANDIDATES]
    if not known:
        return ()
    texts = [_spelled(path, symbols) for path in known]
    distances = cdist(texts, texts, scorer=Indel.distance, dtype=np.float64)
    totals = [
        float(sum(distance * weights[path] for distance, path in zip(row, known, strict=True))) for row in distances
    ]
    return known[min(range(len(known)), key=lambda place: (round(totals[place], 9), place))]


def _matched(path: Sequence[str], backbone: Sequence[str], symbols: Mapping[str, str]) -> dict[int, int]:
    """Place in the backbone to place in the path, for the longest common subsequence of the two."""
    from rapidfuzz.distance import Indel

    found = {}
    for operation in Indel.opcodes(_spelled(backbone, symbols), _spelled(path, symbols)):
        if operation.tag == "equal":
            for offset in range(operation.src_end - operation.src_start):
                found[operation.src_start + offset] = operation.dest_start + offset
    return found


def _share(side: Counter[tuple[str, ...]], matches: Mapping[tuple[str, ...], Mapping[int, int]], place: int) -> float:
    return sum(runs for path, runs in side.items() if place in matches[path]) / max(1, side.total())


def _slots(path: tuple[str, ...], matches: Mapping[int, int]) -> dict[int, Slot]:
    reached = {0: 0, **{place + 1: at + 1 for place, at in matches.items()}}
    return {place: Slot(path[at] if at < len(path) else END, at) for place, at in reached.items()}
