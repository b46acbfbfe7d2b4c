"""What the job ``archetypes`` answers. Durations are milliseconds, costs US dollars."""

from __future__ import annotations

import msgspec

from soma.synthesizer.stats import Proportion


class Middle(msgspec.Struct, frozen=True, rename="camel"):
    """The median of a figure over the executions that record it, and how many do."""

    median: float
    known: int


class Archetype(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Executions whose paths are alike.

    Attributes:
        archetype_id: The same as long as its common actions are.
        label: The actions most of its executions take, in order, for people.
        common: The same actions as a list.
        medoid: The path that is nearest to all others, and an execution that took it.
        agents: Executions per agent. tasks: how many different tasks (of those that are known).
        paths: Different paths. spread: Mean distance of its executions' paths to the medoid, 0 to 1.
        success: Of the executions whose task outcome is known; ``None`` when it is known of none.
        completed: Of those whose end is known, how many ended as completed. That is not success.
        duration_ms, cost_usd: In the middle; ``None`` when none records it.
    """

    archetype_id: str
    label: str
    common: tuple[str, ...]
    medoid: tuple[str, ...]
    medoid_execution: str
    executions: int
    paths: int
    spread: float
    agents: dict[str, int]
    tasks: int
    success: Proportion | None
    completed: Proportion | None
    duration_ms: Middle | None
    cost_usd: Middle | None


class Archetypes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer, the most frequent first.

    Attributes:
        archetypes: Those of at least ``least`` executions.
        rare: Executions in smaller ones. not_placed: Executions with a rare path that is like none of these.
        executions: All with a path. paths: Different ones. compared: The most frequent of them, compared in full.
        cut: Paths up to this distance are alike.
    """

    archetypes: tuple[Archetype, ...]
    executions: int
    paths: int
    compared: int
    rare: int
    not_placed: int
    least: int
    cut: float
    level: float
