"""Guidance patterns on trial: firings whose message was given beside those it was withheld from, by chance."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from soma.errors import UsageError
from soma.synthesizer.inputs import Queryable, answer

from .compute import guidance_of
from .model import Counted, Dealt, Guidance, PatternGate, Replayed, Status

PRIMARY: Counted = "recovered"
HORIZON = 5
HORIZONS = (1, 5, 10)
FailOn = Literal["refuted", "collecting"]


def run(
    vault: Queryable,
    *,
    outcome: Counted = PRIMARY,
    horizon: int = HORIZON,
    delta: float = 0.1,
    level: float = 0.95,
) -> Guidance:
    """The gate of every pattern that fired, and beside it what replays of the same pattern saw.

    Args:
        vault: The snapshot to answer from.
        outcome: ``recovered``: no action failed until the horizon and the pattern does not match there; ``success``:
            the execution achieved its task.
        horizon: Actions after the firing, 1, 5 or 10; success is known at the end only, so it takes none.
        delta: Differences below it do not matter, 0 to 1.
        level: Of all intervals; ``1 - level`` bounds the share of false discoveries among the verdicts.

    Raises:
        UsageError: if the horizon is none of these.
    """
    if horizon not in HORIZONS:
        raise UsageError(f"outcomes are known after 1, 5 and 10 actions, not after {horizon}")
    at = horizon if outcome == "recovered" else 0
    dealt = answer(vault, Dealt, __name__, "query", (at,))
    replayed = answer(vault, Replayed, __name__, "shadow", (at,)) if outcome == "recovered" else []
    return guidance_of(dealt, replayed, outcome, at, delta, level)


def statuses(vault: Queryable) -> dict[str, Status]:
    """The status of each pattern's newest version, by the primary outcome; patterns that never fired are missing."""
    gates = sorted(run(vault).patterns, key=lambda one: one.version)
    return {one.pattern: one.status for one in gates}


def failing(result: Guidance, fail_on: Collection[FailOn]) -> tuple[PatternGate, ...]:
    """The patterns that do not pass: those ``refuted``; with ``collecting`` also those that are not decided yet."""
    if not fail_on:
        return ()
    return tuple(one for one in result.patterns if one.verdict in {"refuted", *fail_on})
