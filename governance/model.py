"""What governance answers: typed results of reading and of deciding. Times are epoch microseconds."""

from __future__ import annotations

import msgspec

from soma.vault.audit import Entry
from soma.vault.damage import Finding

from .backtest.model import Backtest
from .policy import Policy


class Ratified(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy of the canon that the audit bears out.

    Attributes:
        policy: What was ratified.
        ratified_by: Who, and when: ``ratified_at``.
        status: ``active``, ``retired`` or ``superseded``.
        audit_entry: The entry that put it there as it is.
        expired: Whether its last day has passed. due: Whether it is to be looked at again.
    """

    policy: Policy
    ratified_by: str
    ratified_at: int
    status: str
    audit_entry: int
    expired: bool
    due: bool

    @property
    def in_force(self) -> bool:
        """Whether it is asked at all: active and not expired. In shadow mode it then counts without binding."""
        return self.status == "active" and not self.expired

    @property
    def binds(self) -> bool:
        """Whether it is in force and not in shadow mode."""
        return self.in_force and self.policy.mode == "enforce"


class Proposal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding that waits for a decision, or had one.

    Attributes:
        requested_by: Who asked for its promotion, where a second person has yet to confirm it.
        drafted: Whether a policy can be drafted from it.
    """

    id: str
    type: str
    claim: str
    confidence: float
    support: int
    agents: tuple[str, ...]
    status: str
    seen_at: int
    decay_at: int
    requested_by: str | None
    drafted: bool


class Overview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma governance list``.

    Attributes:
        proposals: The surest first. policies: By id and version.
        by_status: How many proposals of each status, whatever was asked for.
        findings: What does not hold about canon and audit; rows named there are not read.
    """

    proposals: tuple[Proposal, ...]
    policies: tuple[Ratified, ...]
    by_status: dict[str, int]
    findings: tuple[Finding, ...]


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma governance show``: a proposal with its draft, or a policy, with its history.

    Attributes:
        evidence: Execution or decision ids, the most telling first.
        draft: The policy that promoting it would ratify; ``None`` where it gives none, for ``no_draft``.
    """

    id: str
    proposal: Proposal | None
    evidence: tuple[str, ...]
    draft: Policy | None
    no_draft: str | None
    policies: tuple[Ratified, ...]
    history: tuple[Entry, ...]
    findings: tuple[Finding, ...]


class Decided(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a decision did.

    Attributes:
        action: ``request`` (a second person has to confirm), ``promote``, ``reject`` or ``retire``.
        entries: The audit entries it added. head: Hash of the last of them: note it elsewhere.
        policy: The policy it is about, if it is about one.
        backtest: What the policy would have done in the past; only where it was promoted or asked for.
        version: The vault's version.
    """

    action: str
    id: str
    actor: str
    entries: tuple[Entry, ...]
    head: str
    policy: Policy | None
    backtest: Backtest | None
    version: int


class Verified(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma governance verify``.

    Attributes:
        entries: Entries of the audit. policies: Rows of the canon it bears out.
        head: Hash of the last entry. findings: Empty when everything holds.
    """

    entries: int
    policies: int
    head: str
    findings: tuple[Finding, ...]


class History(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``soma governance history``: entries in their order, and what does not hold about the audit."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
