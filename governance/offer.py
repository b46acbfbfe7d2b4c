"""The policy that is offered for a decision: a draft, or what a person wrote, on the terms of the one who decides."""

from __future__ import annotations

import datetime as dt

import msgspec

from soma import clock
from soma.errors import UsageError
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights import Insight
from soma.vault import Snapshot, VaultRoot
from soma.vault.canon import Canon, canon_of

from .canon import require_readable
from .draft import draft, policy_id, why_none
from .policy import Effect, Mode, Policy, Scope
from .reading import open_request, require_known

EXPIRES_DAYS = 180
"""A policy binds so long unless told otherwise: what was true of agents half a year ago need not be true today."""
REVIEW_DAYS = 90


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a person changes about a draft when promoting it; ``None`` leaves it as drafted.

    Attributes:
        scope: Replaces the parts of the draft's scope that it names.
        severity: ``error`` (the default of a promotion) stops the call, ``warning`` speaks only.
        mode: ``shadow`` counts without binding.
        expires: Its last day; ``never`` is true where it has none.
    """

    scope: Scope | None = None
    severity: Effect | None = None
    mode: Mode | None = None
    expires: dt.date | None = None
    never: bool = False


def offered(root: VaultRoot, source: str | Policy, terms: Terms, *, now: int) -> Policy:
    """The policy that promoting ``source`` on these terms would ratify.

    Args:
        root: The vault.
        source: Id of a pending proposal, or a policy a person wrote.
        terms: What differs from the draft.
        now: The present instant; expiry and review are counted from it.

    Raises:
        NothingFound: if there is no such proposal.
        UsageError: if it was decided already, gives no policy, or one that could not be read back from the canon.
    """
    snapshot = root.snapshot()
    return offer(snapshot, canon_of(root, snapshot), source, terms, now)


def offer(snapshot: Snapshot, canon: Canon, source: str | Policy, terms: Terms, now: int) -> Policy:
    """The same, of a snapshot and its canon."""
    made, written = (source, True) if isinstance(source, Policy) else _drafted(snapshot, canon, source)
    if made.origin:
        pending(snapshot, canon, made.origin)
    today = clock.to_datetime(now).date()
    scope = made.scope
    if terms.scope is not None:
        new = {name: value for name in ("agents", "teams", "tasks") if (value := getattr(terms.scope, name))}
        scope = msgspec.structs.replace(scope, **new)
    expires = terms.expires or made.expires or today + dt.timedelta(days=EXPIRES_DAYS)
    versions = [row.version for row in canon.rows if row.policy_id == made.id]
    policy = msgspec.structs.replace(
        made,
        version=max(versions, default=0) + 1,
        scope=scope,
        effect=terms.severity or (made.effect if written else "error"),
        mode=terms.mode or made.mode,
        expires=None if terms.never else expires,
        review=made.review or today + dt.timedelta(days=REVIEW_DAYS),
    )
    if policy.expired(now):
        raise UsageError(
            f"{policy.id} would expire before it binds ({policy.expires})", hint="choose a later --expires"
        )
    require_readable(policy)
    return policy


def _drafted(snapshot: Snapshot, canon: Canon, identity: str) -> tuple[Policy, bool]:
    """The policy a proposal gives, and whether a person wrote it so: what was asked for goes before the draft."""
    item = pending(snapshot, canon, identity)
    request = open_request(canon.chain.entries, policy_id(identity))
    if request is not None:
        return msgspec.convert(request.fact("policy"), Policy), True
    made = draft(item)
    if made is None:
        raise UsageError(
            f"{identity} gives no policy: {why_none(item)}",
            hint=f'write one (docs/governance.md) with origin = "{identity}", then: soma governance promote FILE',
        )
    return made, False


def pending(snapshot: Snapshot, canon: Canon, identity: str) -> Insight:
    """The proposal with this id, which waits for a decision.

    Raises:
        NothingFound: if there is none.
        UsageError: if it was decided already.
    """
    proposals = {item.insight_id: item for item in insights.known(snapshot)}
    require_known(identity, proposals)
    item = proposals[identity]
    if item.status != "pending":
        own = [row.policy_id for row in canon.rows if row.origin == identity and row.status == "active"]
        also = f": it is the policy {own[0]}" if own else ""
        raise UsageError(f"{identity} is {item.status} already{also}", hint=f"soma governance history {identity}")
    return item
