"""What the job ``chain`` answers. Times are epoch microseconds, durations milliseconds."""

from __future__ import annotations

import msgspec

BROKEN = frozenset({"failed", "timeout"})
"""Outcomes of decisions that did not do what they were meant to."""


class Link(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One decision of the chain.

    Attributes:
        number: Counted from 1.
        repeats: Number of the earlier decision this is the same call as (same action, same arguments), if any.
        evidence: Source and bytes it was read from: ``source:offset+length``.
    """

    number: int
    decision_id: str
    turn: int
    kind: str
    action: str
    tool: str
    outcome: str
    duration_ms: float | None
    arguments: str | None
    reasoning: str | None
    error: str | None
    output: str | None
    alternatives: list[str] | None
    repeats: int | None
    evidence: str


class Chain(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution with its decisions in order.

    Attributes:
        costliest: Number of the failed or timed-out decision that took longest; ``None`` when nothing failed.
        outcomes: Outcome to how many decisions had it.
    """

    execution_id: str
    agent_id: str
    framework: str
    task: str | None
    model: str | None
    status: str
    success: bool | None
    success_from: str | None
    error: str | None
    started_at: int | None
    duration_ms: float | None
    outcomes: dict[str, int]
    decisions: tuple[Link, ...]
    costliest: int | None
    signature: str
    labels: dict[str, str]


class Chains(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Executions, as ``soma decisions`` answers them."""

    schema: str = "soma.decisions"
    schema_version: int = 1
    chains: tuple[Chain, ...]
