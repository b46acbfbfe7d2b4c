"""What the evidence allows to say, whoever looks and however often."""

from __future__ import annotations

import math

from .betting import Differences, evidence
from .model import Verdict


def verdict_of(differences: Differences, q_value: float, delta: float, level: float = 0.95) -> Verdict:
    """One of four: the treatment does better, does worse, is alike within ``delta``, or it is too early to say.

    Alike goes first, as a difference that surely lies within ``delta`` does not matter. It is said when both a
    difference of ``delta`` and one of ``-delta`` are refuted from within, each with half of the error: when the
    interval of :func:`soma.synthesizer.jobs.gates.betting.interval` lies inside.

    Args:
        differences: Treatment minus control in each block.
        q_value: ``1 / e_value`` of no difference, adjusted over all comparisons made with it.
        delta: Differences below it do not matter, 0 to 1.
        level: ``1 - level`` bounds the share of false discoveries.

    Raises:
        ValueError: if ``delta`` does not lie between 0 and 1.
    """
    if not 0 < delta <= 1:
        raise ValueError(f"a margin lies between 0 and 1, not at {delta}")
    if not differences:
        return "collecting"
    enough = math.log(2 / (1 - level))
    if delta < 1 and evidence(differences, -delta).above >= enough and evidence(differences, delta).below >= enough:
        return "alike"
    if q_value <= 1 - level:
        none = evidence(differences)
        return "validated" if none.above > none.below else "refuted"
    return "collecting"
