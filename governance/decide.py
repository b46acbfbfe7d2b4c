"""Deciding: promote, reject, retire. Every decision is one commit of the audit, the canon and the proposal together.

All of it is read under the writer's lock, so that of two who decide at once the second sees what the first did.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soma.errors import ConfigError, UsageError
from soma.vault import VaultRoot
from soma.vault.audit import Entry
from soma.vault.canon import canon_of

from .actor import named
from .backtest import Backtest
from .draft import policy_id
from .draw import LONGEST_REASON, Draw
from .model import Decided
from .offer import Terms, offer, pending
from .policy import Policy
from .reading import open_request, require_known


def promote(
    root: VaultRoot, source: str | Policy, terms: Terms, *, actor: str | None, now: int, reason: str = "",
    two_person: bool = False, backtest: Backtest | None = None, expected: Policy | None = None,
) -> Decided:  # fmt: skip
    """Put a policy into the canon.

    Under the two-person rule the first promotion only asks; when a different person promotes the same, it is ratified
    as it was asked for.

    Args:
        root: The vault.
        source: Id of a pending proposal, or a policy a person wrote.
        terms: What differs from the draft.
        actor: The person who decides.
        now: The present instant.
        reason: Why, in the person's words.
        two_person: Whether a second person has to confirm.
        backtest: What the person was shown; its figures go into the audit.
        expected: The policy the person was shown; if another would be ratified by now, nothing is.

    Raises:
        ConfigError: if nobody is named, or the one who asked would confirm.
        NothingFound, UsageError: as ``offered``.
        VaultError: if the audit does not hold.
    """
    person = named(actor)
    with root.writer() as writer:
        snapshot = root.snapshot()
        canon = canon_of(root, snapshot)
        policy = offer(snapshot, canon, source, terms, now)
        if expected is not None and expected != policy:
            raise UsageError(f"{policy.id} has changed since it was shown", hint="look at it again and decide anew")
        draw = Draw(root, canon, person, now)
        details: dict[str, Any] = {"policy": policy, "policyId": policy.id, "origin": policy.origin}
        if backtest is not None:
            details["backtest"] = _figures(backtest)
        request = open_request(canon.chain.entries, policy.id) if two_person else None
        if two_person:
            if request is None or not _asked_for(request, policy):
                draw.entry("request", policy.id, reason, details)
                return draw.done(writer.commit(draw.changes(), role="governance"), "request", policy, backtest)
            if request.actor.casefold() == person.casefold():
                raise ConfigError(f"{person} asked for {policy.id}; somebody else has to confirm it",
                                  hint="the other person runs the same command with their own SOMA_ACTOR")  # fmt: skip
            details["requestedBy"] = request.actor
        for row in canon.rows:
            if row.policy_id == policy.id and row.status == "active":
                draw.change("supersede", row, "superseded", f"version {policy.version} takes its place")
        draw.take_up(policy, reason, details)
        if policy.origin:
            draw.decide(policy.origin, "promoted")
        return draw.done(writer.commit(draw.changes(), role="governance"), "promote", policy, backtest)


def _asked_for(request: Entry, policy: Policy) -> bool:
    """Whether the request was for this policy; days are counted from the day it was asked for."""
    asked = msgspec.convert(request.fact("policy"), Policy)
    days = {"expires": policy.expires, "review": policy.review}
    return msgspec.structs.replace(asked, **days) == policy


def _figures(backtest: Backtest) -> dict[str, Any]:
    return {
        "covered": backtest.covered, "hit": backtest.hit, "measure": backtest.measure,
        "saved": backtest.saved, "falseBlocks": backtest.false_blocks,
    }  # fmt: skip


def reject(root: VaultRoot, identity: str, *, actor: str | None, reason: str, now: int) -> Decided:
    """Decide that a proposal does not become a policy; it stays where it is and is not proposed again.

    Raises:
        ConfigError: if nobody is named.
        NothingFound, UsageError: if there is no such pending proposal, or no reason is given.
    """
    person, why = named(actor), _reason(reason)
    with root.writer() as writer:
        snapshot = root.snapshot()
        canon = canon_of(root, snapshot)
        pending(snapshot, canon, identity)
        draw = Draw(root, canon, person, now)
        draw.entry("reject", identity, why, {"policyId": policy_id(identity)})
        draw.decide(identity, "rejected")
        return draw.done(writer.commit(draw.changes(), role="governance"), "reject", None, None, identity)


def retire(root: VaultRoot, identity: str, *, actor: str | None, reason: str, now: int) -> Decided:
    """Take a policy out of force; it stays in the canon as retired.

    Args:
        root: The vault.
        identity: Id of the policy, or of the proposal it came from.
        actor: The person who decides.
        reason: Why.
        now: The present instant.

    Raises:
        ConfigError: if nobody is named.
        NothingFound, UsageError: if there is no such active policy, or no reason is given.
    """
    person, why = named(actor), _reason(reason)
    with root.writer() as writer:
        canon = canon_of(root, root.snapshot())
        require_known(identity, [name for row in canon.rows for name in (row.policy_id, row.origin) if name])
        active = [row for row in canon.rows if identity in (row.policy_id, row.origin) and row.status == "active"]
        if not active:
            raise UsageError(f"{identity} is not in force", hint=f"soma governance history {identity}")
        draw = Draw(root, canon, person, now)
        for row in active:
            draw.change("retire", row, "retired", why)
            if row.origin:
                draw.decide(row.origin, "retired")
        return draw.done(writer.commit(draw.changes(), role="governance"), "retire", None, None, identity)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise UsageError("a reason is needed: whoever reads the audit wants to know why", hint='--reason "..."')
    return reason.strip()[:LONGEST_REASON]
