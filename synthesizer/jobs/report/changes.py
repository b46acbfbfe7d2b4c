"""What changed since an earlier report: who does worse or better, what is new, what is gone. Shapes only.

``soma.synthesizer.jobs.report.diff`` fills them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .ground import Count, Effect, Moment, Proportion, Share

Verdict = Literal["worse", "better", "not told apart", "no new run", "not comparable", "new", "gone"]
Became = Literal["new", "gone", "promoted", "rejected"]


class AgentChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One agent: the runs that are new since, beside those the earlier report counted.

    ``worse`` and ``better`` are said only where the interval of the difference excludes none and ``qValue`` (adjusted
    over all agents of this comparison) is at most 1 minus the report's level. ``not comparable``: runs known then are
    not counted now, or failure is told by another measure.
    """

    agent: str
    verdict: Verdict
    health_before: str | None
    health_after: str | None
    before: Annotated[Proportion | None, Meta(description="Failed of judged runs, as the earlier report counted.")]
    since: Annotated[Proportion | None, Meta(description="Failed of judged runs that are new since.")]
    effect: Annotated[Effect | None, Meta(description="Failure rate of the new runs minus that of the earlier ones.")]
    q_value: Share | None
    text: str


class NewFailures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Failed runs that are new since, and the last of them."""

    agent: str
    failures: Count
    execution_id: str | None
    started_at: Moment | None


class FindingChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding that came, went, or was decided."""

    id: str
    type: str
    title: str
    became: Became


class CoverageChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A field that a format's sources tell more or less of than before; null: not there."""

    format: str
    field: str
    before: str | None
    after: str | None


class Counted(msgspec.Struct, frozen=True, rename="camel"):
    """A number then and now."""

    before: Count
    after: Count


class Changes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that changed since the report of ``since``.

    ``agents`` holds those of which something can be told: a verdict other than ``no new run``, or another health.
    """

    since: Moment
    vault_version: Count
    agents: list[AgentChange]
    worse: Count
    better: Count
    failures: list[NewFailures]
    findings: list[FindingChange]
    coverage: list[CoverageChange]
    executions: Counted
    sources: Counted
    unusable: Counted
    secrets: Counted


class EarlierAgent(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of an agent of an earlier report."""

    id: str
    health: str = "unknown"
    measure: str = "none"
    failures: int = 0
    judged: int = 0


class EarlierInsight(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is read of a finding of an earlier report."""

    id: str
    type: str
    title: str = ""
    status: str = "pending"
    source_agents: list[str] = msgspec.field(name="source_agents", default_factory=list)


class EarlierFormat(msgspec.Struct, frozen=True):
    """What is read of a format of an earlier report."""

    format: str
    cells: dict[str, str] = {}


class EarlierCoverage(msgspec.Struct, frozen=True):
    """What is read of the coverage of an earlier report."""

    formats: list[EarlierFormat] = []


class EarlierTotals(msgspec.Struct, frozen=True):
    """What is read of the totals of an earlier report."""

    executions: int = 0


class EarlierSources(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of the ledger of an earlier report."""

    total: int = 0
    unusable_total: int = 0
    redacted: int = 0


class Earlier(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is read of an earlier report; parts that older somas did not write are empty."""

    schema: Literal["soma.report"]
    generated_at: Moment
    vault_version: int = 0
    agents: list[EarlierAgent] = []
    insights: list[EarlierInsight] = []
    totals: EarlierTotals = EarlierTotals()
    sources: EarlierSources = EarlierSources()
    coverage: EarlierCoverage | None = None
