"""What became of a firing: the outcomes by which patterns and their messages are judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

HORIZONS = (1, 5, 10)
"""Actions after a firing at which its outcome is looked at (seed 000); ``END`` is looked at besides."""
END = 0


class Seen(NamedTuple):
    """One action of an execution, as far as outcomes of firings depend on it."""

    role: str
    failed: bool
    pressure: float
    matching: tuple[str, ...]


class Outcome(NamedTuple):
    """A row of ``archive/firing_outcomes`` without its firing."""

    horizon: int
    pressure: float | None
    recovered: bool | None
    followed: bool | None


def outcomes(run: Sequence[Seen], at: int, pattern: str, healing: str | None) -> list[Outcome]:
    """What became of ``pattern`` that fired after action ``at`` of a run that has ended.

    Recovered within ``h`` actions means that none of them failed and the pattern does not match after the last one.
    A horizon beyond the end of the run has no outcome: what would have been is not known.
    """
    found = []
    for horizon in (*HORIZONS, END):
        last = at + horizon if horizon != END else len(run) - 1
        if last >= len(run):
            continue
        later = run[at + 1 : last + 1]
        if not later:
            found.append(Outcome(horizon, None, None, None))
            continue
        recovered = pattern not in later[-1].matching and not any(one.failed for one in later)
        followed = None if healing is None else any(one.role == healing for one in later)
        found.append(Outcome(horizon, later[-1].pressure, recovered, followed))
    return found
