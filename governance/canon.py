"""Policies in and out of the canon: from a ratified row to the policy it holds, and back."""

from __future__ import annotations

import datetime as dt

from soma import clock, codec
from soma.errors import ConfigError, UsageError
from soma.synthesizer.wording import plain
from soma.vault import Snapshot, VaultRoot
from soma.vault.canon import Canon, CanonRow, ratified_rows

from .model import Ratified
from .policy import Policy, policy_of

_DAY = dt.timedelta(days=1)
_UNREADABLE = "docs/governance.md says what every field of a policy may hold"


def ratified(canon: Canon, now: int) -> list[Ratified]:
    """The policies the audit bears out, by id and version."""
    return [_ratified(row, now) for row in canon.rows]


def in_force(root: VaultRoot, *, now: int, snapshot: Snapshot | None = None) -> list[Ratified]:
    """The policies that are asked today: active and not expired, those in shadow mode among them.

    Rows the audit does not bear out are not among them; ``soma governance verify`` names them.
    """
    return [one for one in ratified(ratified_rows(root, snapshot or root.snapshot()), now) if one.in_force]


def _ratified(row: CanonRow, now: int) -> Ratified:
    policy = policy_in(row)
    return Ratified(
        policy=policy, ratified_by=row.ratified_by, ratified_at=row.ratified_at, status=row.status,
        audit_entry=row.audit_entry, expired=policy.expired(now), due=row.status == "active" and policy.due(now),
    )  # fmt: skip


def policy_in(row: CanonRow) -> Policy:
    """The policy a row holds."""
    document = {
        "id": row.policy_id,
        "version": row.version,
        "scope": codec.decode(row.scope),
        "condition": codec.decode(row.condition),
        "effect": row.effect,
        "mode": row.mode,
        "message": row.message,
        "evidence": row.evidence,
        "learnedFrom": row.learned_from,
        "origin": row.origin,
        "expires": None if row.expires_at is None else clock.to_datetime(row.expires_at).date() - _DAY,
        "review": None if row.review_at is None else clock.to_datetime(row.review_at).date(),
    }
    return policy_of(codec.encode(document))


def require_readable(policy: Policy) -> None:
    """Refuse a policy that could not be read back from the row it would become: the canon would be broken by it.

    Raises:
        UsageError: naming what is wrong.
    """
    try:
        same = policy_in(row_for(policy, actor="", at=0, entry=0)) == policy
    except ConfigError as problem:
        raise UsageError(f"{plain(policy.id, 80)} cannot be ratified: {problem.message}", hint=_UNREADABLE) from problem
    if not same:
        raise UsageError(f"{plain(policy.id, 80)} cannot be ratified: it would be read back as another policy",
                         hint=_UNREADABLE)  # fmt: skip


def row_for(policy: Policy, *, actor: str, at: int, entry: int) -> CanonRow:
    """The row with which the canon takes up a policy."""
    return CanonRow(
        policy_id=policy.id,
        version=policy.version,
        scope=codec.encode(policy.scope),
        condition=codec.encode(policy.condition),
        effect=policy.effect,
        mode=policy.mode,
        message=policy.message,
        evidence=policy.evidence,
        learned_from=policy.learned_from,
        origin=policy.origin,
        ratified_by=actor,
        ratified_at=at,
        expires_at=None if policy.expires is None else _midnight(policy.expires + _DAY),
        review_at=None if policy.review is None else _midnight(policy.review),
        status="active",
        audit_entry=entry,
    )


def _midnight(day: dt.date) -> int:
    return clock.from_datetime(dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC))
