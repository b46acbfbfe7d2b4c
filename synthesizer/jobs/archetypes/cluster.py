"""Paths that are alike, taken together: pure, and the same whatever order paths come in.

The distance of two paths is the normalised Indel distance: actions to delete and insert to make one of the other, over
the length of both (1 minus twice the longest common subsequence over the sum of lengths; Levenshtein, *Soviet Physics
Doklady* 10 (1966) 707-710, without substitutions). It counts order and repeats of stretches, needs no model and no
service, and says something a person can check: at 0.4 two paths share 60 % of their actions in the same order.

Clusters are made around leaders (Hartigan, *Clustering Algorithms* (1975), chapter 3): the most frequent path not yet
placed leads, and takes in what lies within the cut; then every path goes to its nearest leader. So no chain of small
steps joins paths that are unlike, and a cluster stays what it is when rare paths are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CUT = 0.4
COMPARED = 1500
"""Paths compared with each other, the most frequent; the others are only compared with the leaders among them."""
_LONGEST = 300
_WITHIN = CUT + 1e-6
_MEDOIDS = 100
_AT_ONCE = 2000

Path = TypeVar("Path", bound=Sequence[str])


class Cluster(msgspec.Struct, Generic[Path], frozen=True):
    """Paths that are alike, the most frequent first, and the one nearest to all of them; ``spread`` as in the model."""

    paths: tuple[Path, ...]
    medoid: Path
    spread: float


def clusters_of(counts: Mapping[Path, int]) -> tuple[list[Cluster[Path]], list[Path]]:
    """The clusters of all paths with their counts, the most executions first; and the paths that are like none.

    Paths are compared by their first 300 actions. A path may be a word, which has a letter for each action.
    """
    order = sorted(counts, key=lambda path: (-counts[path], path))
    words = _words(order)
    compared = min(len(order), COMPARED)
    leaders, nearest = _led(_distances(words[:compared], words[:compared]))
    members: dict[int, list[int]] = {leader: [] for leader in leaders}
    for at, leader in enumerate(nearest):
        members[leader].append(at)
    placed = _placed(words, compared, leaders)
    for at, leader in placed.items():
        members[leader].append(at)
    alone = [order[at] for at in range(compared, len(order)) if at not in placed]
    found = [_cluster(sorted(group), order, words, counts) for group in members.values()]
    found.sort(key=lambda cluster: (-sum(counts[path] for path in cluster.paths), cluster.paths))
    return found, alone


def _words(paths: Sequence[Path]) -> list[str]:
    """One character for each action; surrogates are no characters."""
    if all(isinstance(path, str) for path in paths):
        return ["".join(path[:_LONGEST]) for path in paths]
    actions = sorted({action for path in paths for action in path[:_LONGEST]})
    letters = {action: chr(at if at < 0xD800 else at + 0x800) for at, action in enumerate(actions, 1)}
    return ["".join(letters[action] for action in path[:_LONGEST]) for path in paths]


def _distances(queries: Sequence[str], choices: Sequence[str]) -> NDArray[np.float32]:
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    found: NDArray[np.float32] = cdist(queries, choices, scorer=Indel.normalized_distance, dtype=np.float32, workers=-1)
    return found


def _led(distances: NDArray[np.float32]) -> tuple[list[int], list[int]]:
    """Leaders in the order of frequency, and the nearest leader of every path; of equally near ones the first."""
    leaders: list[int] = []
    for at in range(len(distances)):
        if not leaders or float(distances[at, leaders].min()) > _WITHIN:
            leaders.append(at)
    if not leaders:
        return [], []
    nearest = distances[:, leaders].argmin(axis=1).tolist()
    return leaders, [leaders[place] for place in nearest]


def _placed(words: Sequence[str], compared: int, leaders: Sequence[int]) -> dict[int, int]:
    """The leader of each rarer path that has one within the cut."""
    placed: dict[int, int] = {}
    heads = [words[leader] for leader in leaders]
    for start in range(compared, len(words), _AT_ONCE):
        distances = _distances(words[start : start + _AT_ONCE], heads)
        for at, (place, distance) in enumerate(
            zip(distances.argmin(axis=1).tolist(), distances.min(axis=1).tolist(), strict=True), start
        ):
            if distance <= _WITHIN:
                placed[at] = leaders[place]
    return placed


def _cluster(
    group: Sequence[int], order: Sequence[Path], words: Sequence[str], counts: Mapping[Path, int]
) -> Cluster[Path]:
    """The medoid is sought among the most frequent members; executions, not paths, weigh."""
    import numpy as np

    weights = np.array([counts[order[at]] for at in group], dtype=np.float64)
    candidates = group[:_MEDOIDS]
    sums = _distances([words[at] for at in candidates], [words[at] for at in group]).astype(np.float64) @ weights
    best = int(np.round(sums, 9).argmin())
    paths = tuple(order[at] for at in group)
    return Cluster(paths, order[candidates[best]], round(float(sums[best] / weights.sum()), 6))
