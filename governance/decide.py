"""Deciding: promote, reject, retire. Every decision is one commit of the audit, the canon and the proposal together.

All of it is read under the writer's lock, so that of two who decide at once the second sees what the first did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from soma import clock
from soma.errors import ConfigError, UsageError
from soma.schema import AUDIT, POLICIES, PROPOSALS
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights import Insight
from soma.vault import Snapshot, VaultRoot
from soma.vault.audit import Act, Entry, row_of, sealed
from soma.vault.canon import Canon, CanonRow, canon_of, stored
from soma.vault.writer import Changes

from .actor import named
from .backtest import Backtest
from .canon import row_for
from .draft import draft, policy_id, why_none
from .model import Decided
from .policy import Effect, Mode, Policy, Scope
from .reading import open_request, require_known
from .witness import Witness

EXPIRES_DAYS = 180
"""A policy binds so long unless told otherwise: what was true of agents half a year ago need not be true today."""
REVIEW_DAYS = 90
_LONGEST_REASON = 2000


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
        UsageError: if it was decided already, or gives no policy.
    """
    snapshot = root.snapshot()
    return _offered(snapshot, canon_of(root, snapshot), source, terms, now)


def _offered(snapshot: Snapshot, canon: Canon, source: str | Policy, terms: Terms, now: int) -> Policy:
    made, written = (source, True) if isinstance(source, Policy) else _drafted(snapshot, canon, source)
    if made.origin:
        _pending(snapshot, canon, made.origin)
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
    return policy


def _drafted(snapshot: Snapshot, canon: Canon, identity: str) -> tuple[Policy, bool]:
    """The policy a proposal gives, and whether a person wrote it so: what was asked for goes before the draft."""
    item = _pending(snapshot, canon, identity)
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


def _pending(snapshot: Snapshot, canon: Canon, identity: str) -> Insight:
    proposals = {item.insight_id: item for item in insights.known(snapshot)}
    require_known(identity, proposals)
    item = proposals[identity]
    if item.status != "pending":
        own = [row.policy_id for row in canon.rows if row.origin == identity and row.status == "active"]
        also = f": it is the policy {own[0]}" if own else ""
        raise UsageError(f"{identity} is {item.status} already{also}", hint=f"soma governance history {identity}")
    return item


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
        policy = _offered(snapshot, canon, source, terms, now)
        if expected is not None and expected != policy:
            raise UsageError(f"{policy.id} has changed since it was shown", hint="look at it again and decide anew")
        draw = _Draw(root, canon, person, now)
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
        _pending(snapshot, canon, identity)
        draw = _Draw(root, canon, person, now)
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
        draw = _Draw(root, canon, person, now)
        for row in active:
            draw.change("retire", row, "retired", why)
            if row.origin:
                draw.decide(row.origin, "retired")
        return draw.done(writer.commit(draw.changes(), role="governance"), "retire", None, None, identity)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise UsageError("a reason is needed: whoever reads the audit wants to know why", hint='--reason "..."')
    return reason.strip()[:_LONGEST_REASON]


class _Draw:
    """One decision being drawn up: its entries, the rows they put into the canon, the proposals they decide."""

    def __init__(self, root: VaultRoot, canon: Canon, actor: str, now: int) -> None:
        self._root = root
        self._canon = canon
        self._actor = actor
        self._now = now
        self._entries: list[Entry] = []
        self._rows: dict[tuple[str, int], CanonRow] = {}
        self._decided: dict[str, str] = {}

    def entry(self, action: Act, subject: str, reason: str, details: Mapping[str, Any]) -> None:
        """Add an entry to the audit."""
        before = [*self._canon.chain.entries, *self._entries]
        self._entries.append(sealed(
            before, key=self._root.key(), at=self._now, actor=self._actor, action=action, subject=subject,
            reason=reason.strip()[:_LONGEST_REASON], details=details,
        ))  # fmt: skip

    def take_up(self, policy: Policy, reason: str, details: Mapping[str, Any]) -> None:
        """Add a policy to the canon."""
        row = row_for(policy, actor=self._actor, at=self._now, entry=self._next)
        self._put("promote", row, reason, details)

    def change(self, action: Act, row: CanonRow, status: str, reason: str) -> None:
        """Give a row of the canon another status."""
        changed = msgspec.structs.replace(row, status=status, audit_entry=self._next)
        self._put(action, changed, reason, {"policyId": row.policy_id, "origin": row.origin})

    def decide(self, proposal: str, status: str) -> None:
        """Give a proposal the status that was decided."""
        self._decided[proposal] = status

    @property
    def _next(self) -> int:
        return len(self._canon.chain.entries) + len(self._entries) + 1

    def _put(self, action: Act, row: CanonRow, reason: str, details: Mapping[str, Any]) -> None:
        self.entry(action, row.policy_id, reason, {**details, "version": row.version, "row": row.digest})
        self._rows[row.policy_id, row.version] = row

    def changes(self) -> Changes:
        """Everything as one commit."""
        import pyarrow as pa

        changes = Changes()
        audit = [row_of(entry) for entry in self._entries]
        changes.add(AUDIT, "subject", set(), pa.Table.from_pylist(audit, schema=AUDIT.arrow()))
        if self._rows:
            ids = {policy for policy, _ in self._rows}
            rows = {(row.policy_id, row.version): row for row in self._canon.rows if row.policy_id in ids} | self._rows
            made = [stored(row) for _, row in sorted(rows.items())]
            changes.add(POLICIES, "policy_id", ids, pa.Table.from_pylist(made, schema=POLICIES.arrow()))
        if self._decided:
            table = self._root.snapshot().read(PROPOSALS)
            made = [row | {"status": self._decided[row["insight_id"]]} for row in table.to_pylist()
                    if row["insight_id"] in self._decided]  # fmt: skip
            changes.add(
                PROPOSALS, "insight_id", set(self._decided), pa.Table.from_pylist(made, schema=PROPOSALS.arrow())
            )
        return changes

    def done(
        self, version: int, action: str, policy: Policy | None, backtest: Backtest | None, identity: str = ""
    ) -> Decided:
        """What was done, once it is committed."""
        head = self._entries[-1].hash
        Witness(self._root.path).note(head)
        return Decided(
            action=action, id=policy.id if policy else identity, actor=self._actor, entries=tuple(self._entries),
            head=head, policy=policy, backtest=backtest, version=version,
        )  # fmt: skip
