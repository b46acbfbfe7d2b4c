"""What the job ``divergence`` reads and answers. Times are epoch microseconds, durations milliseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion

Measure = Literal["success", "status"]
Verdict = Literal["different", "alike", "not enough data"]
ConfoundKind = Literal["model", "framework", "time", "task mix", "missing", "choice is agent"]

END = "(end)"
"""Stands in a path for: here the execution chose nothing more."""


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    model: str | None
    status: str
    success: bool | None
    started_at: int | None
    ended_at: int | None


class Path(msgspec.Struct, frozen=True):
    """What belongs to the places of one execution's path; fields in the order of the columns of ``paths.sql``.

    The lists have one entry per place: consecutive decisions for one action. ``decision_ids`` and ``durations_ms`` are
    those of the first decision there.
    """

    execution_id: str
    decision_ids: list[str]
    failed: list[int]
    timeouts: list[int]
    durations_ms: list[float | None]


class Side(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent on the tasks both attempted.

    Attributes:
        executions: All of its executions on these tasks.
        outcome: How many did well by the pair's measure, of those where it is known.
        left_out: Executions whose outcome is not known by that measure.
    """

    agent_id: str
    executions: int
    outcome: Proportion
    left_out: int
    models: dict[str, int]
    first_seen: int | None
    last_seen: int | None


class Chosen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one agent mostly chose where the paths part.

    Attributes:
        reached: Its executions that followed the common path so far; executions: those of them that made this choice.
        outcome: How many of these did well, of those where it is known.
        failed, timed_out: How many of these had a failed, a timed-out decision right in this choice.
        median_duration_ms: Of the first decision of the choice.
        then: What most of these chose next, and how many did.
        evidence: Decision ids of the choice, the first few (where it was to end, of the last decision before).
        evidence_total: How many there are.
    """

    agent_id: str
    action: str
    reached: int
    executions: int
    outcome: Proportion
    failed: int
    timed_out: int
    median_duration_ms: float | None
    then: str | None
    then_executions: int
    evidence: tuple[str, ...]
    evidence_total: int


class Option(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One action that was chosen at the step, by how many executions of either agent.

    ``value`` is how well executions of both did that chose it, given the path so far, shrunk towards that of all that
    came here: ``soma.synthesizer.jobs.divergence.tree``. ``None`` where no outcome is known.
    """

    action: str
    first: int
    second: int
    outcome: Proportion
    value: float | None


class Branch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One branch of the prefix tree: how many executions of either agent began so, and how they did.

    ``value``: success rate shrunk towards that of the branch above; ``None`` where no outcome is known.
    """

    path: tuple[str, ...]
    first: int
    second: int
    known: int
    successes: int
    value: float | None


class Parting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The first step at which the agents' choices differ and, where outcomes are known, the choice goes with them.

    Attributes:
        step: Counted from 1 along the path both follow, in which repeats are taken together.
        prefix: The actions both chose before.
        clear: Whether the choices differ beyond chance: Fisher's test on the two choices, adjusted over all steps
            (``chance`` is that q-value).
        first_choice, second_choice: How the executions of either agent ended that made the choice here.
        effect: The second choice's rate minus the first's given the prefix, compared on the same tasks; ``None`` when
            they were never made on the same task with known outcome.
        matters: Whether the interval of the effect excludes none.
        within: The same, compared inside each agent: what the choice does whoever makes it. ``None`` when no agent
            made both choices on one task.
        options: The two choices, then the other most frequent actions at this step.
        tree: The most travelled branches around it.
    """

    step: int
    prefix: tuple[str, ...]
    first: Chosen
    second: Chosen
    chance: float
    clear: bool
    first_choice: Proportion
    second_choice: Proportion
    effect: Difference | None
    matters: bool
    within: Difference | None
    options: tuple[Option, ...]
    tree: tuple[Branch, ...]


class MoreNeeded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many more executions a side it takes, with a power of 0.8.

    Attributes:
        for_delta: To tell a difference of delta.
        as_seen: To confirm one as large as seen; ``None`` when that is smaller than delta.
    """

    for_delta: int
    as_seen: int | None


class Confound(msgspec.Struct, frozen=True, rename="camel"):
    """Something other than the agents' choices that may explain the difference, in words."""

    kind: ConfoundKind
    text: str


class Nightly(msgspec.Struct, frozen=True, rename="camel"):
    """What stays of a difference when somebody has looked at it every night.

    Attributes:
        e_value: Worth of the evidence against "no difference on any task"; at most 1 on average if there is none.
        q_value: Adjusted over all pairs (e-BH).
        holds: Whether it is different by this measure too.
    """

    e_value: float
    q_value: float
    holds: bool


class Pair(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Two agents on the tasks they share; ``first`` is the one that does better.

    Attributes:
        divergence_id: The same every night for the same agents, task filter, step and choices.
        measure: ``success``, or ``status`` (completed rather than failed) where success is not known on both sides.
        difference: Second minus first, compared task by task; ``None`` when no shared task has known outcomes.
        q_value: The difference's p-value adjusted over all pairs of the answer.
        nightly: The same for someone who looks every night; ``None`` for pairs not called different.
        recommendation: What the data support doing; ``None`` when they support nothing.
        finding: In a sentence, what the parting does and does not show.
    """

    divergence_id: str
    first: Side
    second: Side
    tasks: int
    task_labels: tuple[str, ...]
    measure: Measure
    difference: Difference | None
    q_value: float | None
    verdict: Verdict
    nightly: Nightly | None
    more: MoreNeeded | None
    parting: Parting | None
    confounds: tuple[Confound, ...]
    recommendation: str | None
    finding: str


class Divergence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The pairs of agents that share tasks, the strongest difference first.

    Attributes:
        pairs: Each agent beside its best peer (or every pair, as asked), the strongest difference first.
        pairs_total: Pairs compared.
        different, alike, undecided: How many of all pairs got which verdict.
        delta: Differences below it do not matter. level: Of all intervals.
        notes: Why there is no, or only a partial, answer, and what would give one.
        not_known: What the sources cannot tell.
    """

    pairs: tuple[Pair, ...]
    pairs_total: int
    different: int
    alike: int
    undecided: int
    agents: tuple[str, ...]
    task: str | None
    delta: float
    level: float
    notes: tuple[str, ...]
    not_known: tuple[str, ...]
