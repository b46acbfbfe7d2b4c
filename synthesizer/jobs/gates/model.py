"""What the job ``gates`` reads and answers. Times are epoch microseconds, rates and differences shares."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Interval, Proportion

Measure = Literal["success", "status"]
Decided = Literal["validated", "refuted", "alike"]
Verdict = Literal["validated", "refuted", "alike", "collecting"]
Side = Literal["treatment", "control"]
CautionKind = Literal["time", "task mix", "ratio", "missing outcomes", "other tasks"]

LEAST_FOR_TEST = 30
"""Executions of each arm from which on the test of one look is told."""


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    adapter: str
    session_id: str | None
    model: str | None
    operator_id: str | None
    team_id: str | None
    instance_id: str | None
    labels: list[tuple[str, str]] | None
    status: str
    success: bool | None
    started_at: int | None


class Arm(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All executions with one value of the label.

    Attributes:
        outcome: How many did well by the measure, of those where it is known.
        without_outcome: Executions of which it is not known.
        tasks: Different known tasks among them. without_task: executions whose task is not known.
        first_seen, last_seen: First and last start; ``None`` when no start is known.
    """

    name: str
    executions: int
    outcome: Proportion
    without_outcome: int
    tasks: int
    without_task: int
    first_seen: int | None
    last_seen: int | None


class Effect(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Treatment minus control over the tasks both attempted, as of this one look.

    Attributes:
        estimate: Weighted by task where there are several (Mantel-Haenszel).
        interval: Of one look: not to be used for stopping.
        p_value: Of a two-sided test of no difference on any task; ``None`` with fewer than 30 executions of an arm.
        method: How the interval was made: ``soma.synthesizer.stats``.
        strata: Tasks compared.
    """

    estimate: float
    interval: Interval
    p_value: float | None
    method: str
    strata: int


class More(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Executions each arm still needs, on tasks both attempt, until the gate decides with a chance of 80 %.

    Attributes:
        for_delta: To find a difference of delta. ``None`` when a million would not do.
        as_seen: If what comes is like what came; ``None`` when too little came to say, or no decision is in sight.
        decision: What it will be in that case.
    """

    for_delta: int | None
    as_seen: int | None
    decision: Decided | None


class Caution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something about how the arms came to be that may explain a difference, in words.

    ``p_value`` is the chance of an imbalance at least as large if the arms were dealt evenly, where it was tested.
    """

    kind: CautionKind
    text: str
    p_value: float | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One arm, the treatment, beside the control.

    Attributes:
        treatment_outcome, control_outcome: On the tasks both attempted with known outcome.
        treatment_elsewhere, control_elsewhere: Executions with known outcome on other tasks, or on none known: not
            compared.
        effect: ``None`` when no task has known outcomes of both.
        pairs: Blocks of executions of both on one task that the evidence is made of.
        e_value: Evidence against no difference: 20 would be exceeded, ever, in at most 5 % of comparisons of equals.
        better: The side the evidence speaks for; ``None`` when it speaks for neither.
        q_value: ``1 / e_value`` adjusted over all comparisons of the answer: false discoveries, whenever one looks.
        interval: Of the mean difference, right at all looks together.
        verdict: What governs. more: while ``collecting``.
    """

    treatment: str
    control: str
    tasks: int
    treatment_outcome: Proportion
    control_outcome: Proportion
    treatment_elsewhere: int
    control_elsewhere: int
    effect: Effect | None
    pairs: int
    e_value: float
    better: Side | None
    q_value: float
    interval: Interval
    verdict: Verdict
    more: More | None
    cautions: tuple[Caution, ...]


class Gates(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The arms by a label, and every treatment beside the control: refuted first, then validated, alike, collecting.

    Attributes:
        by: The label asked about. control: the arm all others are held against; ``None`` with no arm.
        control_chosen: Whether it was named, or is the most frequent.
        across_tasks: Whether executions are compared over all tasks, not only within the same task.
        executions: Those in an arm. unlabelled: those that carry no such label, in no arm.
        delta: Differences below it do not matter. level: Of all intervals; ``1 - level`` bounds false discoveries.
        notes: Why there is no, or only a partial, answer, and what would give one.
        not_known: What the sources cannot tell.
    """

    by: str
    arms: tuple[Arm, ...]
    control: str | None
    control_chosen: bool
    comparisons: tuple[Comparison, ...]
    measure: Measure
    agent: str | None
    task: str | None
    across_tasks: bool
    executions: int
    unlabelled: int
    delta: float
    level: float
    notes: tuple[str, ...]
    not_known: tuple[str, ...]
