"""What waits for a decision, what was decided, and whether the records of it hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from soma.errors import NothingFound, UsageError
from soma.globs import any_of
from soma.schema import AUDIT
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights import Insight
from soma.synthesizer.wording import plain
from soma.vault import VaultRoot
from soma.vault.audit import Chain, Entry
from soma.vault.canon import canon_of
from soma.vault.damage import Finding

from .canon import ratified
from .draft import draft, policy_id, why_none
from .model import History, Overview, Proposal, Ratified, Shown, Verified
from .policy import Policy
from .witness import Witness

STATUSES = ("pending", "promoted", "rejected", "superseded", "retired")
POLICY_STATUSES = ("active", "retired", "superseded", "expired", "due", "shadow")
_NEAR = 60
_SUGGESTED = 3


def overview(root: VaultRoot, *, now: int, status: str | None = None, agent: str | None = None) -> Overview:
    """Proposals and policies.

    Args:
        root: The vault.
        now: The present instant, which tells what has expired.
        status: Only proposals or policies of this status.
        agent: Only those about this agent.

    Raises:
        UsageError: if there is no such status.
    """
    if status is not None and status not in (*STATUSES, *POLICY_STATUSES):
        words = ", ".join(dict.fromkeys((*STATUSES, *POLICY_STATUSES)))
        raise UsageError(f"there is no status {plain(status, 40)!r}", hint=f"one of: {words}")
    snapshot = root.snapshot()
    canon = canon_of(root, snapshot)
    known = insights.run(snapshot, limit=1_000_000).insights
    proposals = [_proposal(item, canon.chain) for item in known]
    policies = [one for one in ratified(canon, now) if status in (None, *_states(one))]
    return Overview(
        proposals=tuple(one for one in proposals if status in (None, one.status) and agent in (None, *one.agents)),
        policies=tuple(one for one in policies if agent is None or _about(one, agent)),
        by_status=dict(sorted(Counter(one.status for one in proposals).items())),
        findings=canon.findings,
    )


def _states(one: Ratified) -> set[str]:
    also = {"expired": one.expired, "due": one.due, "shadow": one.policy.mode == "shadow"}
    return {one.status, *(name for name, holds in also.items() if holds)}


def _about(one: Ratified, agent: str) -> bool:
    return not one.policy.scope.agents or any_of(one.policy.scope.agents, agent)


def _proposal(item: Insight, chain: Chain) -> Proposal:
    request = open_request(chain.entries, policy_id(item.insight_id)) if item.status == "pending" else None
    return Proposal(
        id=item.insight_id, type=item.type, claim=item.claim, confidence=item.confidence, support=item.support,
        agents=tuple(item.agents), status=item.status, seen_at=item.seen_at, decay_at=item.decay_at,
        requested_by=request.actor if request else None, drafted=draft(item) is not None,
    )  # fmt: skip


def open_request(entries: Sequence[Entry], subject: str) -> Entry | None:
    """The request to promote this policy that nobody has confirmed yet, if there is one."""
    about = [entry for entry in entries if entry.subject == subject or entry.fact("policyId") == subject]
    return about[-1] if about and about[-1].action == "request" else None


def show(root: VaultRoot, identity: str, *, now: int) -> Shown:
    """One proposal with its draft, or one policy, with everything that was decided about it.

    Raises:
        NothingFound: if nothing has this id, with the nearest ids.
    """
    snapshot = root.snapshot()
    canon = canon_of(root, snapshot)
    proposals = {item.insight_id: item for item in insights.known(snapshot)}
    policies = ratified(canon, now)
    require_known(identity, [*proposals, *(one.policy.id for one in policies), *_subjects(canon.chain)])
    item = proposals.get(identity)
    own = [one for one in policies if identity in (one.policy.id, one.policy.origin)]
    item = item or next((proposals[one.policy.origin] for one in own if one.policy.origin in proposals), None)
    made = draft(item) if item and item.status == "pending" else None
    names = {
        identity,
        *(one.policy.id for one in own),
        *([item.insight_id, policy_id(item.insight_id)] if item else []),
    }
    return Shown(
        id=identity,
        proposal=_proposal(item, canon.chain) if item else None,
        evidence=tuple(item.evidence) if item else own[-1].policy.evidence if own else (),
        draft=made,
        no_draft=why_none(item) if item and item.status == "pending" and made is None else None,
        policies=tuple(own),
        history=tuple(entry for entry in canon.chain.entries if entry.subject in names),
        findings=canon.findings,
    )


def policy_of(root: VaultRoot, identity: str, *, now: int) -> Policy:
    """The policy a proposal would become, or the one of the canon with this id.

    Raises:
        NothingFound: if nothing has this id.
        UsageError: if the proposal gives no policy.
    """
    return policy_shown(show(root, identity, now=now))


def policy_shown(shown: Shown) -> Policy:
    """The newest policy of what is shown.

    Raises:
        UsageError: if there is none.
    """
    if shown.draft is not None:
        return shown.draft
    if shown.policies:
        return shown.policies[-1].policy
    why = shown.no_draft or "it was decided already"
    raise UsageError(f"{shown.id} gives no policy: {why}", hint="write one (docs/governance.md) and name its file")


def history(root: VaultRoot, identity: str | None = None) -> History:
    """The audit, or what it says about one proposal or policy.

    Raises:
        NothingFound: if it says nothing about this id.
    """
    chain = canon_of(root).chain
    if identity is None:
        return History(entries=chain.entries, findings=chain.findings)
    require_known(identity, _subjects(chain), hint="soma governance history lists everything that was decided")
    entries = tuple(entry for entry in chain.entries if identity in (entry.subject, entry.fact("origin")))
    return History(entries=entries, findings=chain.findings)


def _subjects(chain: Chain) -> set[str]:
    origins = (entry.fact("origin") for entry in chain.entries)
    return {entry.subject for entry in chain.entries} | {
        origin for origin in origins if isinstance(origin, str) and origin
    }


def verify(root: VaultRoot, *, head: str | None = None) -> Verified:
    """Hold every row of the canon and every decided proposal against the audit, and the audit against itself.

    Args:
        root: The vault.
        head: Hash of an entry noted elsewhere, which must be there; its first digits are enough.
    """
    canon = canon_of(root)
    findings = list(canon.findings)
    if head and not any(entry.hash.startswith(head.lower()) for entry in canon.chain.entries):
        findings.append(Finding(AUDIT.path, f"no entry has the hash {plain(head, 64)}, though you noted one"))
    findings += Witness(root).compare(canon.chain)
    return Verified(
        entries=len(canon.chain.entries), policies=len(canon.rows), head=canon.chain.head, findings=tuple(findings)
    )


def require_known(identity: str, known: Iterable[str], *, hint: str = "soma governance list names them all") -> None:
    """Refuse an id that is none of ``known``.

    Raises:
        NothingFound: with the nearest ids as a hint.
    """
    from rapidfuzz import process

    names = sorted(set(known))
    if identity in names:
        return
    near = process.extract(identity, names, limit=_SUGGESTED, score_cutoff=_NEAR)
    words = " or ".join(plain(choice, 60) for choice, *_ in near)
    raise NothingFound(
        f"there is no proposal or policy {plain(identity, 60)!r}", hint=f"did you mean {words}?" if words else hint
    )
