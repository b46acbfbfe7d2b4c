"""Tonight's findings joined with those of earlier nights: pure.

The same finding (type and subject) updates its proposal instead of adding one. What a person decided stays as it is.
What is not found again stays until ``decay_at`` and is then moved to the archive. Nothing is promoted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from soma import codec
from soma.identity import digest

from .contradictions import opposed
from .model import DAY, DECAY_DAYS, DECIDED, Finding, Insight

_ORIGIN = "soma synthesize"


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What the vault shall hold afterwards, and how it came to be.

    Attributes:
        proposals: All proposals, by id. gone: Those that decayed. changed: Whether anything differs from before.
        found: New ones. confirmed: Found again. unconfirmed: Neither found again nor decayed.
    """

    proposals: tuple[Insight, ...]
    gone: tuple[Insight, ...]
    changed: bool
    found: int
    confirmed: int
    unconfirmed: int


def insight_id(finding: Finding) -> str:
    """The id of a finding: the same every night, whatever its figures."""
    return "ins-" + digest(f"{finding.type}\x1f{finding.subject}", size=6)


def merge(known: Sequence[Insight], findings: Iterable[Finding] | None, *, now: int) -> Merged:
    """Proposals after tonight; ``findings`` is ``None`` when nothing new was looked at and only time has passed."""
    before = {item.insight_id: item for item in known}
    tonight = {insight_id(finding): finding for finding in findings or ()}
    after = dict(before)
    for identity, finding in tonight.items():
        old = before.get(identity)
        if old is None or old.status not in DECIDED:
            after[identity] = _kept(identity, finding, old, now)
    gone = [
        item
        for identity, item in sorted(after.items())
        if identity not in tonight and item.status not in DECIDED and item.decay_at <= now
    ]
    for item in gone:
        del after[item.insight_id]
    proposals = opposed([after[identity] for identity in sorted(after)])
    return Merged(
        proposals=proposals,
        gone=tuple(gone),
        changed=proposals != tuple(before[identity] for identity in sorted(before)),
        found=len(tonight.keys() - before.keys()),
        confirmed=len(tonight.keys() & before.keys()),
        unconfirmed=len(after.keys() - tonight.keys()),
    )


def _kept(identity: str, finding: Finding, old: Insight | None, now: int) -> Insight:
    another_day = old is not None and old.seen_at // DAY != now // DAY
    details: dict[str, str | float | None] = {
        **finding.details, "prefers": finding.prefers, "avoids": finding.avoids, "at_stake": finding.at_stake
    }  # fmt: skip
    return Insight(
        insight_id=identity,
        type=finding.type,
        subject=finding.subject,
        claim=finding.claim,
        confidence=finding.confidence,
        estimate=finding.estimate,
        low=finding.low,
        high=finding.high,
        support=finding.support,
        agents=list(finding.agents),
        tasks=list(finding.tasks),
        evidence=list(finding.evidence),
        contradicts=[],
        status="pending",
        origin=_ORIGIN,
        first_seen_at=old.first_seen_at if old else now,
        seen_at=now,
        nights=old.nights + another_day if old else 1,
        decay_at=now + DECAY_DAYS * DAY,
        details=codec.encode({key: value for key, value in details.items() if value not in ("", None)}),
    )
