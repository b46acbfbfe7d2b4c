"""What the job ``variants`` answers. Durations are milliseconds, costs US dollars, shares between 0 and 1."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion
from soma.synthesizer.walks import Measure

Scope = Literal["all", "agent", "task", "agent and task"]


class Spread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a figure lies over the executions that record it.

    Attributes:
        known: How many record it. total: Their sum.
        low, median, high: Quartiles (type 7 of Hyndman & Fan, *American Statistician* 50 (1996) 361-365).
    """

    known: int
    low: float
    median: float
    high: float
    total: float


class Variant(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One path and the executions that took it from beginning to end.

    Attributes:
        path: The choices in order, repeats taken together; empty where no decision is recorded.
        share: Of the executions of the group.
        covered: Share of the executions of the group that took this variant or a more frequent one.
        success: Of the executions whose task outcome is known; ``None`` when it is known of none.
        completed: Of those whose end is known, how many ended as completed. That is not success.
        duration_ms, cost_usd: Over the executions that record them; the cost is the execution's own, without
            sub-agents. ``None`` when none does.
        agents, tasks: How many different ones took it (tasks: of those that are known).
        example: One of the executions: the first that did not do well, else the first.
    """

    path: tuple[str, ...]
    executions: int
    share: Proportion
    covered: float
    success: Proportion | None
    completed: Proportion | None
    duration_ms: Spread | None
    cost_usd: Spread | None
    agents: int
    tasks: int
    example: str


class FailurePrefix(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A beginning of paths after which executions fail more often than those that began otherwise.

    Attributes:
        prefix: The first choices.
        following, others: How many did well by the group's measure, of those where it is known, on tasks with both.
        difference: Following minus others, compared task by task (executions without a task among themselves).
        q_value: Adjusted over all beginnings tried in the whole answer.
        clear: Whether ``q_value`` is small enough and the interval lies below none.
        agents: Executions that began so, of the tasks compared, by agent.
        examples: Executions that began so and did not do well, the first few.
    """

    prefix: tuple[str, ...]
    following: Proportion
    others: Proportion
    difference: Difference
    q_value: float
    clear: bool
    agents: dict[str, int]
    examples: tuple[str, ...]


class Group(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The variants of one agent, one task, one agent on one task, or of all executions asked about.

    Attributes:
        agent_id, task, task_label: ``None`` where the group is over all of them.
        variants_total: How many different paths there are; ``variants`` holds the most frequent of them, these first.
        covering: How many variants, the most frequent first, explain at least the coverage asked for.
        covered: How many executions these explain.
        measure: What doing well means in ``failure``: ``success`` where it is known of enough executions, else
            ``status`` (completed rather than failed).
        tried: How many beginnings had executions enough on both sides to be compared.
        failure: The beginning that is followed by failure most clearly; ``None``: none is clear.
        beginnings: All that were compared, the most telling first.
        unrecorded: Executions of which no decision is recorded.
    """

    scope: Scope
    agent_id: str | None
    task: str | None
    task_label: str | None
    executions: int
    variants: tuple[Variant, ...]
    variants_total: int
    covering: int
    covered: int
    measure: Measure
    success: Proportion | None
    completed: Proportion | None
    tried: int
    failure: FailurePrefix | None
    beginnings: tuple[FailurePrefix, ...]
    unrecorded: int


class Variants(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The groups asked about: over all, then by agent, by task, by both; the most executions first.

    Attributes:
        min_coverage: The share of executions ``covering`` is about. level: Of all intervals.
        least: Executions a group of one agent on one task needs to be listed. thin: groups that have fewer.
        not_known: What the sources cannot tell.
    """

    groups: tuple[Group, ...]
    agent: str | None
    task: str | None
    min_coverage: float
    level: float
    least: int
    thin: int
    executions: int
    not_known: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True, rename="camel"):
    """What the page of the job shows: the first of its groups, of these the most frequent variants, no beginnings.

    Attributes:
        groups: How many groups there are.
    """

    variants: Variants
    groups: int
