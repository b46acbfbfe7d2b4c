"""What the job ``grade`` reads and answers. Rates, areas and differences are shares, 0 to 1."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Clustered, Estimate, OddsRatio, Proportion

Kind = Literal["aggregate", "signal", "floor", "pattern", "baseline"]
Verdict = Literal["signal", "no signal", "not enough data"]

SIGNALS = ("uncertainty", "drift", "error_rate", "token_usage", "cost")
"""The order in which ``working/pressure`` holds the signals: that of ``soma.pressure.SIGNALS``."""
MOMENTS = (3, 5, 10, 20)
"""After how many decisions is asked what is known by then."""
WARN = 0.5
"""A signal whose own pressure reaches it counts as seen: where the mode WARN begins by default."""
RECOVERY_WITHIN = 3
"""An execution has recovered when so many further decisions hold no failure."""
LEAST_TASKS = 5
"""Tasks with failures, and with successes, below which nothing is said about a score."""
MARGIN = 0.1
"""Areas nearer to 0.5 than this, and odds nearer to 1 than ``ALIKE_ODDS``, do not matter."""
ALIKE_ODDS = 1.5


class Run(msgspec.Struct, frozen=True):
    """One execution whose success is known; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    success: bool
    decisions: int


class Answered(msgspec.Struct, frozen=True):
    """One decision and what the engine answered to it; fields in the order of the columns of ``readings.sql``.

    Attributes:
        chosen: Whether it is a choice of the agent, rather than what it met with (a failure, a guard).
        pressure: Own pressure after it. warned: Whether the mode was WARN or above. pressures: Of each signal.
        floor: Of the highest floor. floor_reason: Which. patterns: Those that match.
    """

    execution_id: str
    decision_id: str
    failed: bool
    chosen: bool
    pressure: float
    warned: bool
    pressures: list[float]
    floor: float
    floor_reason: str | None
    patterns: list[str]


class Trace(msgspec.Struct, frozen=True):
    """An execution as the grading sees it.

    Attributes:
        task: Key of its task; its own id where the task is not known. steps: Its decisions in order.
        running: How many decisions it had made when it chose last: after fewer it was still running.
    """

    execution_id: str
    agent_id: str
    framework: str
    task: str
    failed: bool
    steps: list[Answered]
    running: int


class Area(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How well a score tells, after so many decisions, which of the executions still running will fail.

    Attributes:
        after: Decisions. failed, succeeded: Executions compared, of frameworks with both.
        auc: The area, its interval, its p-value; ``None`` where no framework has both.
        q_value: The p-value adjusted over everything graded in the group; ``None`` where nothing can be said.
        over_agent, over_errors: The area less that of the plain baseline, over the same pairs.
        more: Executions of the scarcer outcome it takes to know the area to 0.1; 0 where it is known.
    """

    after: int
    failed: int
    succeeded: int
    auc: Clustered | None
    q_value: float | None
    over_agent: Clustered | None
    over_errors: Clustered | None
    verdict: Verdict
    more: int


class Prevalence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """In how many executions something was seen at least once.

    Attributes:
        odds: Odds of being seen in failed executions over those in successful ones, of the same agent and about as
            long; ``None`` where none can be compared.
        more: Executions it would take, of the scarcer kind, if the odds stay; 0 where it is decided, ``None`` where
            nothing can be told.
    """

    failed: Proportion
    succeeded: Proportion
    odds: OddsRatio | None
    q_value: float | None
    verdict: Verdict
    more: int | None


class Lead(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Decisions from the first time something was seen to the end, in failed executions.

    Attributes:
        executions: Those it was seen in, of ``failed``. mean: With its interval, tasks drawn whole.
        quarter, median, three_quarters: Of the executions.
    """

    executions: int
    failed: int
    mean: Estimate | None
    quarter: float | None
    median: float | None
    three_quarters: float | None


class Recovery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How often three further decisions held no failure: after the first firing, and at other positions alike.

    Attributes:
        firings: Executions that ran on for three decisions after the first time. rate: Of them, recovered.
        base: The same of executions of the same framework at the same position where it was not seen.
        difference: ``rate - base``; ``None`` where no other execution was at these positions.
    """

    firings: int
    rate: float | None
    base: float | None
    difference: Clustered | None
    q_value: float | None


class Grade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing held against the outcomes: a pattern, a floor, a signal, the aggregate, or a plain baseline."""

    kind: Kind
    name: str
    prevalence: Prevalence | None
    areas: tuple[Area, ...]
    lead: Lead | None
    recovery: Recovery | None
    verdict: Verdict


class Group(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything graded on one framework, or on all of them together (``framework`` is ``None``).

    Attributes:
        tasks: Different tasks among the executions. grades: The aggregate, signals, floors, patterns, baselines.
        verdict: ``signal`` if at least one thing other than the baselines is one.
    """

    framework: str | None
    agents: int
    tasks: int
    failed: int
    succeeded: int
    grades: tuple[Grade, ...]
    verdict: Verdict


class Held(msgspec.Struct, frozen=True):
    """What a stored model is worth, as JSON; fields in the order of the columns of ``held_out.sql``."""

    held_out: str


class Learned(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What ``soma calibrate`` found of its model on held-out tasks: as much of its ``Cell`` as is told here."""

    after: int
    framework: str | None
    learned: Clustered
    blend: Clustered
    over_blend: Clustered
    used: bool


class Grades(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What predicts failure, and what only seems to.

    Attributes:
        groups: All together first, then each framework. executions: With known success. unknown: without.
        not_replayed: Executions with known success whose pressure is not kept: left out.
        never: Patterns that matched in no execution graded.
        learned: What ``soma calibrate`` stored. level: Of all intervals; ``1 - level`` bounds false discoveries.
    """

    groups: tuple[Group, ...]
    agent: str | None
    framework: str | None
    executions: int
    unknown: int
    not_replayed: int
    never: tuple[str, ...]
    learned: tuple[Learned, ...]
    level: float
    notes: tuple[str, ...]
