"""What the job ``guidance`` reads and answers: do the messages of guidance patterns help?"""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.jobs.gates.model import Effect, More, Side, Verdict
from soma.synthesizer.stats import Estimate, Interval, Proportion

Counted = Literal["recovered", "success"]
Status = Literal["active", "collecting", "retired"]


class Dealt(msgspec.Struct, frozen=True):
    """One firing that was dealt an arm; fields in the order of the columns of ``query.sql``."""

    pattern: str
    pattern_version: int
    family: str
    firing_id: str
    execution_id: str | None
    arm: str
    dealt: int
    recovered: bool | None
    success: bool | None


class Replayed(msgspec.Struct, frozen=True):
    """Replayed firings of a pattern in one execution; fields in the order of the columns of ``shadow.sql``."""

    pattern: str
    pattern_version: int
    execution_id: str
    firings: int
    recovered: int | None
    positions: int
    calm: int


class Arm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The firings of one arm.

    Attributes:
        executions: Different executions among those where it is known. without_outcome: firings whose outcome is not.
        outcome: By what is counted. success: Of the executions, where known: said beside, decides nothing.
    """

    firings: int
    executions: int
    outcome: Proportion
    without_outcome: int
    success: Proportion


class PatternGate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a pattern: firings that were told to the agent (treatment) beside firings that were not.

    Attributes:
        status: ``active``: shown to help; ``retired``: shown to harm, and no newer data have shown otherwise;
            ``collecting``: neither.
        verdict: What governs. decided_after: Pairs it took. revived: Whether it was refuted once, and validated since.
        effect: Of this one look; ``None`` without outcomes of both arms.
        pairs, e_value, better, q_value, interval: As in ``soma.synthesizer.jobs.gates.model.Comparison``.
        trial: Pairs of new data since it was refuted; 0 for others.
        ratio: Shares of treatment that the dealing still allows, right at every look. dealt_evenly: one half is in it.
        cautions: What to be careful about, in words.
    """

    pattern: str
    version: int
    status: Status
    treatment: Arm
    control: Arm
    effect: Effect | None
    pairs: int
    e_value: float
    better: Side | None
    q_value: float
    interval: Interval
    verdict: Verdict
    decided_after: int | None
    revived: bool
    trial: int
    more: More | None
    ratio: Interval
    dealt_evenly: bool
    cautions: tuple[str, ...]


class Shadow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Replayed firings of a pattern: nobody was told anything, so nothing is said about its message.

    Attributes:
        firings: All. executions: In how many. outcome: Recovery after the first firing of each, where it is known.
        elsewhere: Mean share of the other positions of these executions after which it would have counted as recovered.
        difference: After a firing minus elsewhere in the same execution; an interval over executions.
    """

    pattern: str
    version: int
    firings: int
    executions: int
    outcome: Proportion
    elsewhere: float | None
    difference: Estimate | None


class Guidance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every pattern with firings: those of real deployments with a verdict, replayed ones apart.

    Attributes:
        outcome, horizon: What is counted; the horizon in actions, 0 for the end.
        delta: Differences below it do not matter. level: Of all intervals; ``1 - level`` bounds false discoveries.
        notes: Why there is no, or only a partial, answer.
    """

    outcome: Counted
    horizon: int
    patterns: tuple[PatternGate, ...]
    shadows: tuple[Shadow, ...]
    delta: float
    level: float
    notes: tuple[str, ...]
