"""What the job ``health`` reads and answers. Times are epoch microseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from soma.synthesizer.stats import Difference, Proportion

Health = Literal["critical", "degraded", "healthy", "not enough data", "unknown"]
Trend = Literal["worse", "better", "steady", "unknown"]
Measure = Literal["success", "status", "none"]

ORDER: tuple[Health, ...] = ("critical", "degraded", "not enough data", "healthy", "unknown")


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    agent_id: str
    framework: str
    status: str
    success: bool | None
    started_at: int | None
    ended_at: int | None
    decisions: int
    broken: int
    cost_usd: float | None
    tokens: int
    tokens_known: bool


class Ledger(msgspec.Struct, frozen=True, rename="camel"):
    """The sources behind the vault; fields in the order of the columns of ``ledger.sql``.

    Attributes:
        guarded: Executions that are trails of soma's own guards: they are no runs of an agent and not counted as such.
    """

    sources: int
    failed: int
    empty: int
    unrecognised: int
    quarantined: int
    redacted: int
    guarded: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The failure rate before and since an instant.

    Attributes:
        trend: Worse or better only when the interval of the difference excludes none.
        since: Where the recent runs begin.
    """

    trend: Trend
    since: int | None
    before: Proportion | None
    recent: Proportion | None
    difference: Difference | None


class AgentHealth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent.

    Attributes:
        measure: What counts as a failed run: ``success`` (the task was not achieved) where that is known, else
            ``status`` (the run ended with an error); ``none`` when neither is known of any run.
        failures: Runs that failed by the measure, of those where it is known.
        success: Of the runs where it is known; ``None`` when it is known of none.
        decisions_failed: Failed and timed-out ones of all its decisions.
        more_needed: About how many more runs would allow a word on its health; ``None`` when there is one, or when it
            would take very many.
        not_known: In words.
    """

    agent_id: str
    health: Health
    runs: int
    measure: Measure
    failures: Proportion
    success: Proportion | None
    decisions: int
    decisions_failed: int
    more_needed: int | None
    change: Change
    first_seen: int | None
    last_seen: int | None
    frameworks: tuple[str, ...]
    tokens: int | None
    cost_usd: float | None
    not_known: tuple[str, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the vault holds, and its agents, the least healthy first."""

    schema: str = "soma.status"
    schema_version: int = 1
    vault_version: int
    executions: int
    decisions: int
    agents: tuple[AgentHealth, ...]
    sources: Ledger
    level: float
