"""One path against the usual paths: which is nearest, by which moves, and what they cost.

Alignment is by insertions and deletions only (the longest common subsequence), because that shows an action that moved
as one deletion and one insertion of the same action; a gap with both on it is read as one action instead of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .model import Kind, Move
from .usual import MOST_USUAL, Alphabet, Path, Usual

USUAL_SHARE = 0.2
"""What this share of runs do costs nothing, nor does leaving out what this share of runs leave out."""
_NEAREST = 3


class Aligned:
    """A path with the usual path that explains it best."""

    def __init__(self, path: Path, reference: str, moves: Sequence[Move], usual_runs: int) -> None:
        self.reference = reference
        self.usual_runs = usual_runs
        self.moves = sorted((move for move in moves if move.cost > 0), key=lambda move: (move.step, move.kind))
        self.free = len(moves) - len(self.moves)
        places = len(path.codes) + len(reference)
        self.conformance = max(0.0, 1.0 - sum(move.cost for move in self.moves) / places)


def unusual(others: int, of: int) -> float:
    """What doing something costs that ``others`` of ``of`` do: 0 where a fifth of all runs may do it, towards 1 else.

    The chance that a further run does it is taken as (k + 1) / (n + 2), Laplace's rule of succession: so what was
    never seen costs 0.29 when 5 others are known, 0.58 with 10, 0.90 with 50.
    """
    return max(0.0, 1.0 - (others + 1) / (of + 2) / USUAL_SHARE)


def expected(others: int, of: int) -> float:
    """What leaving something out costs that ``others`` of ``of`` do: the mirror image of ``unusual``."""
    return unusual(of - others, of)


def nearest(paths: Sequence[Path], usual: Usual, alphabet: Alphabet) -> dict[Path, Aligned]:
    """Every path with the usual path of the others that it conforms to best."""
    found: dict[Path, Aligned] = {}
    strangers = []
    for path in paths:
        if usual.counts[path.codes] > usual.threshold(path.codes):
            found[path] = _aligned(path, path.codes, usual, alphabet)
        else:
            strangers.append(path)
    codes = sorted({path.codes for path in strangers})
    candidates = dict(zip(codes, _candidates(codes, usual), strict=True))
    for path in strangers:
        tried = [_aligned(path, reference, usual, alphabet) for reference in candidates[path.codes]]
        found[path] = min(tried, key=lambda aligned: (-aligned.conformance, -aligned.usual_runs, aligned.reference))
    return found


def _candidates(codes: Sequence[str], usual: Usual) -> list[list[str]]:
    """For every path the few usual paths that share most with it."""
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    if not codes:
        return []
    # One more than needed, because a path is no candidate for its own only run.
    references = usual.ranked[: MOST_USUAL + 1]
    distances = cdist(codes, references, scorer=Indel.normalized_distance, dtype=np.float32, workers=1)
    order = np.argsort(distances, axis=1, kind="stable")
    chosen = []
    for own, row in zip(codes, order, strict=True):
        least = usual.threshold(own)
        near = []
        for place in row:
            reference = references[int(place)]
            if usual.counts[reference] - (reference == own) >= least:
                near.append(reference)
                if len(near) == _NEAREST:
                    break
        chosen.append(near)
    return chosen


def _aligned(path: Path, reference: str, usual: Usual, alphabet: Alphabet) -> Aligned:
    from rapidfuzz.distance import Indel

    runs = usual.counts[reference] - (reference == path.codes)
    edits = [] if reference == path.codes else list(Indel.editops(reference, path.codes))
    dropped = [edit.src_pos for edit in edits if edit.tag == "delete"]
    added = [edit.dest_pos for edit in edits if edit.tag == "insert"]
    moves = _moves(path, reference, dropped, added, usual, alphabet)
    strange = set(added)
    for place, times in enumerate(path.decisions):
        if times > 1 and place not in strange:
            action = path.codes[place]
            of, others, often = usual.repeated(action, times, path)
            if cost := unusual(others, of):
                moves.append(
                    Move(
                        kind="repeated", step=place + 1, action=alphabet.action[action], times=times,
                        usual_times=often, others=others, of=of, cost=2 * cost,
                    )
                )  # fmt: skip
    return Aligned(path, reference, moves, runs)


def _moves(
    path: Path, reference: str, dropped: Sequence[int], added: Sequence[int], usual: Usual, alphabet: Alphabet
) -> list[Move]:
    own, of = path.codes, usual.total - 1
    moves: list[Move] = []

    def told(kind: Kind, place: int, code: str, others: int, cost: float, instead: str | None = None) -> None:
        times = 1 if kind == "missing" else path.decisions[place]
        usual_action = None if instead is None else alphabet.action[instead]
        moves.append(
            Move(
                kind=kind, step=place + 1, action=alphabet.action[code], usual=usual_action, others=others, of=of,
                cost=cost, times=times,
            )
        )  # fmt: skip

    dropped_codes = "".join([reference[place] for place in dropped])
    added_codes = "".join([own[place] for place in added])
    shared = {code: min(dropped_codes.count(code), added_codes.count(code)) for code in set(dropped_codes)}
    from_left, to_left = shared.copy(), shared.copy()
    missing, extra = [], []
    for place in dropped:
        code = reference[place]
        if from_left[code]:
            from_left[code] -= 1
        else:
            missing.append(place)
    for place in added:
        code = own[place]
        if to_left.get(code):
            to_left[code] -= 1
            others = usual.follows(own[max(0, place - 1) : place + 1], own)
            told("moved", place, code, others, 2 * unusual(others, of))
        else:
            extra.append(place)

    extra_cost = dict(zip(extra, _visits(extra, own, usual, own, of, done=True), strict=True))
    missing_cost = dict(zip(missing, _visits(missing, reference, usual, own, of, done=False), strict=True))
    before = _gaps(len(reference), dropped)
    gaps: dict[int, list[int]] = defaultdict(list)
    for place in missing:
        gaps[before[place]].append(place)
    position = _gaps(len(own), added)
    for place in extra:
        others, cost = extra_cost[place]
        left = gaps[position[place]]
        if left:
            gone = left.pop(0)
            told("instead", place, own[place], others, cost + missing_cost.pop(gone)[1], reference[gone])
        else:
            told("extra", place, own[place], others, cost)
    taken = set(added)
    matched = [place for place in range(len(own)) if place not in taken]
    for place in missing:
        if place in missing_cost:
            others, cost = missing_cost[place]
            kept = before[place]
            at = matched[kept] if kept < len(matched) else len(own)
            told("missing", at, reference[place], others, cost)
    return moves


def _visits(
    places: Sequence[int], codes: str, usual: Usual, own: str, of: int, *, done: bool
) -> list[tuple[int, float]]:
    """How many others come to each action as often as that, and the cost: the last visits are those at issue."""
    at_issue = "".join([codes[place] for place in places])
    found = []
    for met, code in enumerate(at_issue):
        visit = codes.count(code) - at_issue.count(code, met + 1)
        others = usual.visits(code, visit, own)
        found.append((others, unusual(others, of) if done else expected(others, of)))
    return found


def _gaps(length: int, changed: Sequence[int]) -> dict[int, int]:
    """For each changed place how many unchanged ones lie before it."""
    apart = set(changed)
    passed, gaps = 0, {}
    for place in range(length):
        if place in apart:
            gaps[place] = passed
        else:
            passed += 1
    return gaps
