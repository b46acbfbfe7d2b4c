"""Proposals that wait for a person, with what to type. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from soma import clock
from soma.synthesizer import commands
from soma.synthesizer.jobs.insights.model import Insight
from soma.synthesizer.wording import plain

from .ground import Count, Moment, Points, Share, rounded

_SHOWN = 100
_EVIDENCE = 5


class Proposal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding that waits for a decision.

    ``estimate`` is the effect behind it in shares (null where it is a count, or a size), ``low`` and ``high`` its
    interval. ``show``, ``promote`` and ``reject`` are what to type; the words in capitals are yours to fill in.
    """

    id: str
    type: str
    claim: str
    confidence: Share
    estimate: Points | None
    low: Points | None
    high: Points | None
    support: Annotated[Count, Meta(description="Executions it rests on.")]
    agents: list[str]
    evidence: list[str]
    contradicts: list[str]
    first_seen: Moment | None
    nights: Annotated[Count, Meta(description="On how many days it was found.")]
    decays: Annotated[Moment | None, Meta(description="When it is put away unless found again or decided.")]
    show: str
    promote: str
    reject: str


def waiting(insights: Sequence[Insight]) -> list[Proposal]:
    """The first of those that are pending, in the order given."""
    pending = [item for item in insights if item.status == "pending"]
    return [_proposal(item) for item in pending[:_SHOWN]]


def _proposal(item: Insight) -> Proposal:
    share = [None if value is None or not -1 <= value <= 1 else rounded(value)
             for value in (item.estimate, item.low, item.high)]  # fmt: skip
    whole = None not in share
    return Proposal(
        id=item.insight_id,
        type=item.type,
        claim=plain(item.claim, 2000),
        confidence=rounded(min(1.0, max(0.0, item.confidence))),
        estimate=share[0] if whole else None,
        low=share[1] if whole else None,
        high=share[2] if whole else None,
        support=item.support,
        agents=item.agents,
        evidence=item.evidence[:_EVIDENCE],
        contradicts=item.contradicts,
        first_seen=clock.to_iso(item.first_seen_at),
        nights=item.nights,
        decays=clock.to_iso(item.decay_at),
        show=commands.soma("governance", "show", item.insight_id),
        promote=commands.soma("governance", "promote", item.insight_id, "--reason", "WHY"),
        reject=commands.soma("governance", "reject", item.insight_id, "--reason", "WHY"),
    )
