"""Tonight's findings joined with those of earlier nights: pure.

The same finding (type and subject) updates its proposal instead of adding one. What a person decided stays as it is.
What is not found again stays until ``decay_at`` and is then moved to the archive. Nothing is promoted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from soma import codec
from soma.identity import digest

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
    after = dict(before)
    found = confirmed = 0
    stances: dict[str, str] = {}
    for finding in sorted(findings or (), key=lambda item: (item.type, item.subject)):
        identity = insight_id(finding)
        stances[identity] = finding.stance
        old = before.get(identity)
        if old is not None and old.status in DECIDED:
            confirmed += 1
            continue
        after[identity] = _kept(identity, finding, old, now)
        found += old is None
        confirmed += old is not None
    after = _opposed(after, findings)
    gone = [
        item for item in after.values() if item.decay_at <= now and item.status not in DECIDED and item.seen_at < now
    ]
    for item in gone:
        del after[item.insight_id]
    proposals = tuple(after[identity] for identity in sorted(after))
    return Merged(
        proposals=proposals,
        gone=tuple(sorted(gone, key=lambda item: item.insight_id)),
        changed=proposals != tuple(before[identity] for identity in sorted(before)),
        found=found,
        confirmed=confirmed,
        unconfirmed=len(after) - sum(identity in after for identity in stances),
    )


def _kept(identity: str, finding: Finding, old: Insight | None, now: int) -> Insight:
    another_day = old is not None and old.seen_at // DAY != now // DAY
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
        details=codec.encode({**finding.details, "stance": finding.stance}),
    )


def _opposed(after: dict[str, Insight], findings: Iterable[Finding] | None) -> dict[str, Insight]:
    """Every proposal with the ids of those it contradicts: same agents and tasks, opposite stance on one matter."""
    if findings is None:
        return after
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for identity, item in sorted(after.items()):
        details = codec.decode(item.details)
        matter = details.get("matter") if isinstance(details, dict) else None
        if isinstance(matter, str) and matter:
            groups[matter][str(details.get("stance", ""))].append(identity)
    against = {
        identity: sorted(other for stance, others in group.items() if stance != own for other in others)
        for group in groups.values()
        for own, members in group.items()
        for identity in members
    }
    return {
        identity: msgspec.structs.replace(item, contradicts=against.get(identity, []))
        for identity, item in after.items()
    }
