"""Governance for a notebook: what ``soma governance`` does, with the person who decides named in every decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from soma import clock
from soma.vault import Snapshot, VaultRoot

if TYPE_CHECKING:
    from soma.governance.backtest import Backtest
    from soma.governance.model import Decided, History, Overview, Shown, Verified
    from soma.governance.offer import Terms
    from soma.governance.policy import Policy


class Governance:
    """Decisions about one vault: ``vault.governance``.

    Args:
        root: The vault.
        snapshot: Pins it, with the project's rules about tasks.
    """

    def __init__(self, root: VaultRoot, snapshot: Callable[[], Snapshot]) -> None:
        self._root = root
        self._snapshot = snapshot

    def list(self, *, status: str | None = None, agent: str | None = None) -> Overview:
        """What binds, and what waits for a decision: ``soma governance list``."""
        from soma.governance.reading import overview

        return overview(self._root, now=clock.now(), status=status, agent=agent)

    def show(self, identity: str) -> Shown:
        """One finding or policy with evidence, draft and history: ``soma governance show``.

        Raises:
            NothingFound: if nothing has this id.
        """
        from soma.governance.reading import show

        return show(self._root, identity, now=clock.now())

    def backtest(self, policy: str | Policy) -> Backtest:
        """What a policy would have done so far: ``soma governance backtest``.

        Args:
            policy: A policy, or the id of a proposal or of a policy of the canon.

        Raises:
            NothingFound: if nothing has this id.
            UsageError: if the proposal gives no policy.
        """
        from soma.governance import backtest
        from soma.governance.reading import policy_of

        tried = policy_of(self._root, policy, now=clock.now()) if isinstance(policy, str) else policy
        return backtest.run(self._snapshot(), tried)

    def promote(
        self,
        source: str | Policy,
        *,
        actor: str,
        reason: str = "",
        terms: Terms | None = None,
        two_person: bool = False,
    ) -> Decided:
        """Make a finding, or a policy a person wrote, binding: ``soma governance promote``.

        Args:
            source: Id of a pending proposal, or a policy.
            actor: The person who decides.
            reason: Why; kept in the audit.
            terms: What differs from the draft: ``soma.governance.offer.Terms``.
            two_person: Whether a second person has to confirm it.

        Raises:
            ConfigError: if ``actor`` is no person's name.
            NothingFound, UsageError: if there is no such pending proposal, or it gives no policy.
        """
        from soma.governance import backtest
        from soma.governance.decide import promote
        from soma.governance.offer import Terms, offered

        now, agreed = clock.now(), terms or Terms()
        policy = offered(self._root, source, agreed, now=now)
        tried = backtest.run(self._snapshot(), policy)
        return promote(self._root, source, agreed, actor=actor, now=now, reason=reason, two_person=two_person,
                       backtest=tried, expected=policy)  # fmt: skip

    def reject(self, identity: str, *, actor: str, reason: str) -> Decided:
        """Decide that a finding does not become a policy: ``soma governance reject``."""
        from soma.governance.decide import reject

        return reject(self._root, identity, actor=actor, reason=reason, now=clock.now())

    def retire(self, identity: str, *, actor: str, reason: str) -> Decided:
        """Take a policy out of force: ``soma governance retire``."""
        from soma.governance.decide import retire

        return retire(self._root, identity, actor=actor, reason=reason, now=clock.now())

    def history(self, identity: str | None = None) -> History:
        """Who decided what, when and why: ``soma governance history``."""
        from soma.governance.reading import history

        return history(self._root, identity)

    def verify(self, *, head: str | None = None) -> Verified:
        """Hold the canon against the audit, and the audit against itself: ``soma governance verify``."""
        from soma.governance.reading import verify

        return verify(self._root, head=head)
