"""What the job ``insights`` finds and what the vault keeps of it. Times are epoch microseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

Type = Literal[
    "divergence", "failure cluster", "failure prefix", "retries", "bottleneck", "tool preference", "delegation",
    "drift", "cost outlier", "archetype",
]  # fmt: skip
Status = Literal["pending", "promoted", "rejected", "superseded", "decayed", "retired"]
DECIDED: frozenset[Status] = frozenset({"promoted", "rejected", "retired"})
"""What a person decided: such a finding neither changes nor decays."""

DAY = 24 * 3600 * 1_000_000
DECAY_DAYS = 90
TEAM_DECAY_DAYS = 14


class Finding(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One finding of tonight.

    Attributes:
        type: What kind.
        subject: What it is about in a fixed form without figures: the same finding has the same subject every night.
        claim: In words, with effect, interval and support.
        confidence: 0 to 1: ``soma.synthesizer.jobs.insights.confidence``.
        estimate: The effect; low, high: its interval. ``None`` where the finding is a count without an effect.
        support: Executions it rests on.
        prefers, avoids: The choice it speaks for and the one it speaks against, where it advises (``advice`` tells
            them in one form): a finding that prefers what another avoids contradicts it.
        evidence: Decision or execution ids, the most telling first.
        at_stake: By how much success (else completion) differs where it is present, -1 to 1; ``None`` where that is
            not shown.
        details: What else belongs to it, as texts.
    """

    type: Type
    subject: str
    claim: str
    confidence: float
    support: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    agents: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    prefers: str = ""
    avoids: str = ""
    evidence: tuple[str, ...] = ()
    at_stake: float | None = None
    details: dict[str, str] = {}


class Findings(msgspec.Struct, frozen=True, rename="camel"):
    """All findings of one look at the vault, in the order of type and subject."""

    findings: tuple[Finding, ...]


class Insight(msgspec.Struct, frozen=True, rename="camel"):
    """A finding as the vault keeps it; fields in the order of the columns of the table ``proposals``."""

    insight_id: str
    type: str
    subject: str
    claim: str
    confidence: float
    estimate: float | None
    low: float | None
    high: float | None
    support: int
    agents: list[str]
    tasks: list[str]
    evidence: list[str]
    contradicts: list[str]
    status: Status
    origin: str
    first_seen_at: int
    seen_at: int
    nights: int
    decay_at: int
    details: str


class Insights(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma insights``.

    Attributes:
        insights: Proposals, the surest first.
        total: How many there are; ``insights`` holds those asked for.
        by_type: How many of each type.
        contradictions: Pairs of ids that cannot hold together.
        decayed: How many were moved to the archive so far.
        synthesized: Whether the jobs ever ran over this vault.
        up_to_date: Whether they ran over what it holds now.
    """

    insights: tuple[Insight, ...]
    total: int
    by_type: dict[str, int]
    contradictions: tuple[tuple[str, str], ...]
    decayed: int
    synthesized: bool
    up_to_date: bool
