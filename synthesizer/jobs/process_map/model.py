"""What the job ``process_map`` reads and answers. Times are milliseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion

Measure = Literal["success", "status"]
Within = Literal["task", "agent"]
Verdict = Literal["worse", "better", "not told apart", "not enough data"]
Loop = Literal["self", "cycle"]


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``runs.sql``."""

    execution_id: str
    agent_id: str
    status: str
    success: bool | None


class Transition(msgspec.Struct, frozen=True):
    """One edge as counted; fields in the order of the columns of ``edges.sql``."""

    source: str | None
    target: str | None
    executions: int
    occurrences: int
    good: int
    known: int
    pace_ms: float | None
    pace_known: int
    pause_ms: float | None
    pause_known: int
    backward: int


class Taken(msgspec.Struct, frozen=True):
    """One edge in one stratum, against the rest of it; fields in the order of the columns of ``strata.sql``."""

    edge: int
    others_good: int
    others_known: int
    good: int
    known: int


class Node(msgspec.Struct, frozen=True, rename="camel"):
    """One action; fields in the order of the columns of ``nodes.sql``.

    Attributes:
        executions: Executions that choose it at least once.
        occurrences: How often it is chosen.
        failed: Of these, how many failed or timed out.
        known: Of these, how many have a recorded outcome.
        duration_ms: Median over the ``duration_known`` that record how long they took.
    """

    action: str
    executions: int
    occurrences: int
    failed: int
    known: int
    duration_ms: float | None
    duration_known: int


class Edge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One action directly followed by another.

    Attributes:
        source: What comes first; ``None`` is the start of an execution.
        target: What follows; ``None`` is the end of an execution.
        executions: Executions in which it happens at least once.
        occurrences: How often it happens.
        pace_ms: Median time from the start of the first to the start of the second, over ``pace_known`` occurrences.
        pause_ms: Median time from the end of the first to the start of the second, over ``pause_known``; 0 where the
            second starts before the first has ended.
        outcome: Executions that take the edge and did well, by the map's measure.
        difference: How much better (or, negative, worse) they do than the executions that do not take it.
        q_value: The chance of being a false finding among all edges compared.
        verdict: What that amounts to.
        loop: Whether it leads back: to the same action, or around a cycle of actions.
        cycle: Number of that cycle, from 1: actions of one cycle can all be reached from each other.
    """

    source: str | None
    target: str | None
    executions: int
    occurrences: int
    pace_ms: float | None
    pace_known: int
    pause_ms: float | None
    pause_known: int
    outcome: Proportion
    difference: Difference | None = None
    q_value: float | None = None
    verdict: Verdict = "not enough data"
    loop: Loop | None = None
    cycle: int | None = None


class Folded(msgspec.Struct, frozen=True, rename="camel"):
    """What is left off: edges, and how often they happen."""

    edges: int = 0
    occurrences: int = 0


class ProcessMap(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The directly-follows graph of some executions.

    Attributes:
        agent: The agent asked for, ``None`` for all.
        task: The task asked for, ``None`` for all.
        agents: Agents whose executions are in it.
        executions: Executions with at least one choice: those the map shows.
        empty: Executions without any, which it cannot show.
        occurrences: Pairs of one choice and the next, starts and ends included.
        measure: Whether ``outcome`` counts tasks achieved, or executions that completed.
        outcome: Of all executions shown, over those of which it is known.
        within: Executions that take an edge are compared with those that do not of the same agent and task, or of the
            same agent only, where tasks are unknown or hardly ever repeated.
        compared: Edges compared, over which false findings are controlled.
        backward: Pairs whose recorded times contradict their order; their times are not counted.
        edges: The most telling first.
        folded: Edges left off because few executions take them.
        least: Fewest executions of an edge that is not left off.
        not_known: What the sources do not tell.
    """

    agent: str | None
    task: str | None
    agents: int
    executions: int
    empty: int
    occurrences: int
    measure: Measure
    outcome: Proportion
    within: Within
    compared: int
    backward: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    folded: Folded
    least: int
    not_known: tuple[str, ...]
    level: float
