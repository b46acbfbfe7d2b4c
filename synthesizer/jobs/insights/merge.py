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
from .model import DAY, DECAY_DAYS, DECIDED, TEAM_DECAY_DAYS, Finding, Insight

ORIGIN = "soma synthesize"
"""What the vault keeps as the origin of soma's own findings: these a person can decide."""


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


def insight_id(finding: Finding, team: str | None = None) -> str:
    """The id of a finding: the same every night, whatever its figures; of a team's own findings another one."""
    if team is not None:
        return "ctx-" + digest(f"{team}\x1f{finding.type}\x1f{finding.subject}", size=6)
    return "ins-" + digest(f"{finding.type}\x1f{finding.subject}", size=6)


def merge(known: Sequence[Insight], findings: Iterable[Finding] | None, *, now: int, team: str | None = None) -> Merged:
    """Proposals after tonight; ``findings`` is ``None`` when nothing new was looked at and only time has passed.

    Args:
        known: Those before.
        findings: Tonight's.
        now: The instant, in epoch microseconds.
        team: The team among whose runs all of them were found, if it is one: such findings decay sooner.
    """
    before = {item.insight_id: item for item in known}
    tonight = {insight_id(finding, team): finding for finding in findings or ()}
    after = dict(before)
    for identity, finding in tonight.items():
        old = before.get(identity)
        if old is None or old.status not in DECIDED:
            after[identity] = _kept(identity, finding, old, now, DECAY_DAYS if team is None else TEAM_DECAY_DAYS)
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


def _kept(identity: str, finding: Finding, old: Insight | None, now: int, days: int) -> Insight:
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
        origin=ORIGIN,
        first_seen_at=old.first_seen_at if old else now,
        seen_at=now,
        nights=old.nights + another_day if old else 1,
        decay_at=now + days * DAY,
        details=codec.encode({key: value for key, value in details.items() if value not in ("", None)}),
    )
