"""What binds an agent, for its briefing."""

from __future__ import annotations

from soma.schema import AUDIT, POLICIES
from soma.synthesizer.jobs.briefing.model import Binding
from soma.vault import Snapshot, VaultRoot


def binding_on(agent: str, root: VaultRoot, snapshot: Snapshot, *, now: int) -> tuple[Binding, ...]:
    """The policies in force whose scope covers an agent, for its briefing."""
    # Where nobody ever decided anything, what reads decisions is not loaded.
    if not snapshot.live(POLICIES).files() and not snapshot.live(AUDIT).files():
        root.key()
        return ()
    from soma.globs import any_of
    from soma.governance.canon import in_force

    return tuple(
        Binding(
            id=one.policy.id,
            says=one.policy.message,
            stops=one.policy.effect == "error",
            binds=one.binds,
            until=None if one.policy.expires is None else one.policy.expires.isoformat(),
        )
        for one in in_force(root, now=now, snapshot=snapshot)
        if not one.policy.scope.agents or any_of(one.policy.scope.agents, agent)
    )
