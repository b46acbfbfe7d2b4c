"""Paths of two agents laid beside one another: the backbone both follow, and what each run does between its places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LONGEST = 40
"""Places of a path that are looked at: two agents that do not part in so many steps do not part in their choices."""

_CANDIDATES = 120
_FOLLOWED = 0.5


class Aligned(NamedTuple):
    """All paths against one backbone.

    Attributes:
        backbone: The actions of the common path, in order, as a word.
        at: A row for each path: by place, where in the path it stands that reached the place; -1 where it does not.
            Place 0 is the start, place ``n`` follows the ``n``-th action of the backbone.
    """

    backbone: str
    at: Ints


def aligned(words: Sequence[str], first: Ints, second: Ints) -> Aligned:
    """The paths of two agents against their backbone; both agents weigh the same however many runs they have.

    The backbone starts as the medoid, the path with the smallest mean edit distance (insertions and deletions) to all
    (Kaufman & Rousseeuw, *Finding Groups in Data*, 1990, ch. 2); places that neither agent mostly follows are dropped.

    Args:
        words: The different paths, in order.
        first: How many executions of the first agent took each.
        second: How many of the second.
    """
    import numpy as np

    totals = [max(1, int(side.sum())) for side in (first, second)]
    backbone = _medoid(words, (first / totals[0] + second / totals[1]).tolist())
    for _ in range(2):
        matches = _matched(words, backbone)
        shares = [(matches >= 0).T @ side / total for side, total in zip((first, second), totals, strict=True)]
        followed = np.maximum(*shares) >= _FOLLOWED
        if followed.all():
            break
        backbone = "".join(action for action, kept in zip(backbone, followed.tolist(), strict=True) if kept)
    else:
        matches = _matched(words, backbone)
    start = np.zeros((len(words), 1), dtype=np.int64)
    return Aligned(backbone, np.concatenate((start, np.where(matches >= 0, matches + 1, -1)), axis=1))


def _medoid(words: Sequence[str], weights: Sequence[float]) -> str:
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    known = sorted(range(len(words)), key=lambda place: (-weights[place], place))[:_CANDIDATES]
    if not known:
        return ""
    texts = [words[place] for place in known]
    distances = cdist(texts, texts, scorer=Indel.distance, dtype=np.float64).tolist()
    totals = [sum(distance * weights[place] for distance, place in zip(row, known, strict=True)) for row in distances]
    return texts[min(range(len(known)), key=lambda place: (round(totals[place], 9), place))]


def _matched(words: Sequence[str], backbone: str) -> Ints:
    """By path and place of the backbone the place in the path, for the longest common subsequence of the two."""
    import numpy as np
    from rapidfuzz.distance import Indel

    rows = []
    for word in words:
        row = [-1] * len(backbone)
        for at, place, size in Indel.opcodes(backbone, word).as_matching_blocks():
            row[at : at + size] = range(place, place + size)
        rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(len(words), len(backbone))
