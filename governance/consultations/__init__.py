"""From a policy to what became of it: who consulted it, whether it was followed, and how that ended."""

from __future__ import annotations

from soma.governance.backtest.facts import facts_of
from soma.governance.backtest.replay import recorded
from soma.governance.model import Shown
from soma.governance.reading import policy_shown
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs.insights.ground import Ground

from .compute import chain_of, judged, told_by
from .model import Consultation, Named, PolicyChain

__all__ = ["Consultation", "PolicyChain", "run"]


def run(vault: Queryable, shown: Shown, *, limit: int = 20, delta: float = 0.10) -> PolicyChain:
    """The chain of one policy: evidence, insight, policy, consultations, what the agents did, outcome.

    Args:
        vault: The snapshot to answer from.
        shown: The policy, or the proposal it would come from, as ``governance.reading.show`` gives it.
        limit: Show at most so many consultations; all are counted.
        delta: Shares closer together than this count as alike.

    Raises:
        UsageError: if the proposal gives no policy.
    """
    policy = policy_shown(shown)
    ground = Ground(vault)
    named = answer(vault, Named, __name__, "query", (policy.id,))
    told = told_by(named, policy.id, ground.runs)
    versions = {one.policy.digest: one.policy for one in shown.policies} | {policy.digest: policy}
    kinds = frozenset(str(one.condition.__struct_config__.tag) for one in versions.values())
    facts = facts_of(ground, kinds) if told.runs else {}
    made = [
        judged(ground, policy, versions, facts[execution], steps, execution, told.runs[execution])
        for execution, steps in recorded(vault, sorted(told.runs))
    ]
    return chain_of(ground, shown, policy, told, made, limit=limit, delta=delta)
