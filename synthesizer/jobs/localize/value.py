"""What peers on the same task tell: the chance of success after each choice, and where it fell. Pure.

At every choice of the run the peers that took the same path so far split: those that made the same choice, and the
others. ``r`` is the share of them that succeeded, before the choice and with it made. The difference is shrunk by how
few made the choice, ``w = n / (n + 4)``, and added: ``V_k = V_{k-1} + w_k·(r_k - r_{k-1})``, from ``V_0 = r_0``. Where
all peers made the same choice, or all ended alike, nothing moves: such a choice tells no run from another. ``n`` only
falls along a path, so by partial summation ``V_k = (1 - w_1)·r_0 + Σ_{i<k} (w_i - w_{i+1})·r_i + w_k·r_k`` is a mean of
shares with weights that are not negative, and lies between 0 and 1. The run in question is left out. From where no peer
followed, nothing is told: what others never tried is not blamed on their account.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .followers import Followed, followed
from .model import Drop, Path

PULL = 4.0
"""A choice of so many runs counts half."""


def drops(own: Path | None, peers: Sequence[Path]) -> dict[str, Drop]:
    """Decision id to what peers tell of it, for every choice of the path that at least one peer made too."""
    if own is None:
        return {}
    return drops_among(own, followed(own, [peer for peer in peers if peer.execution_id != own.execution_id]))


def drops_among(own: Path, told: Sequence[Followed]) -> dict[str, Drop]:
    """The same from how many other runs followed the path, before its first choice and after each."""
    if not told[0].runs:
        return {}
    value = _rate(told[0])
    found: dict[str, Drop] = {}
    for decision_id, (before, same) in zip(own.decision_ids, pairwise(told), strict=False):
        after = value + same.runs / (same.runs + PULL) * (_rate(same) - _rate(before))
        found[decision_id] = Drop(
            before=value, after=after, runs=same.runs, succeeded=same.succeeded,
            runs_before=before.runs, succeeded_before=before.succeeded,
        )  # fmt: skip
        value = after
    return found


def falls(told: Sequence[Drop | None]) -> list[float]:
    """By how much each decision took the chance of success below the lowest so far, as a probability.

    Counted from the lowest, a dip that later choices made good is counted once, and the falls add up to the chance at
    the start less the lowest: at most 1.
    """
    known = [drop for drop in told if drop is not None]
    lowest = known[0].before if known else 0.0
    lost = []
    for drop in told:
        fall = 0.0 if drop is None else max(0.0, lowest - drop.after)
        lowest -= fall
        lost.append(fall)
    return lost


def _rate(followed: Followed) -> float:
    return followed.succeeded / followed.runs
