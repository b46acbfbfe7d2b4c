"""What the job ``signatures`` reads and answers. Times are epoch microseconds, durations milliseconds."""

from __future__ import annotations

import msgspec

from soma.synthesizer.stats import Proportion


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    signature: str
    status: str
    success: bool | None
    duration_ms: float | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    started_at: int | None
    ended_at: int | None


class Signature(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One path of one agent.

    Attributes:
        signature: The collapsed action path; empty for executions without a decision.
        success: Of the executions whose task outcome is known; ``None`` when it is known of none.
        completed: Of those whose end is known, how many ended as completed. That is not success.
        tokens, cost_usd: Sums over the executions that record them, ``None`` when none does.
        tokens_known, cost_known: How many executions record them.
        example: One of the executions, the latest by time.
    """

    agent_id: str
    signature: str
    executions: int
    success: Proportion | None
    completed: Proportion | None
    median_duration_ms: float | None
    tokens: int | None
    tokens_known: int
    cost_usd: float | None
    cost_known: int
    first_seen: int | None
    last_seen: int | None
    example: str


class Signatures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The most frequent paths first, per agent in the order of its name; ``total`` counts those left off too."""

    signatures: tuple[Signature, ...]
    total: int
    executions: int
    level: float
