"""Guards: policies asked at run time, on the one evaluator. Every check is a decision, so that it leaves a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from soma import clock, codec
from soma.governance.policy import Facts, Hit, Policy, Watch
from soma.model import NormalizedDecision

from .history import History, history_of
from .kinds import runtime_policies
from .trail import Trail

__all__ = ["Guard", "History", "Trail", "Verdict", "check", "history_of", "runtime_policies"]

ALLOW, WARN, BLOCK, SHADOW = "guard:allow", "guard:warn", "guard:block", "guard:shadow"


class Verdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the policies say about one call.

    Attributes:
        allowed: Whether the call may be made: no policy that binds with effect ``error`` holds against it.
        hits: The policies that hold, with the decisions that make them hold.
        fresh: Those of them that were not told with the same evidence before: one condition is reported once.
        decision: The check itself, as a decision of kind ``guard``.
    """

    allowed: bool
    hits: tuple[Hit, ...]
    fresh: tuple[Hit, ...]
    decision: NormalizedDecision


class Guard:
    """Policies over one execution at work: ``check`` before each call, ``learn`` after it.

    Args:
        policies: What is asked, as ``PolicyBridge.policies`` and ``runtime_policies`` give it.
        facts: What is known about the execution: ``PolicyBridge.facts``.
        execution_id: The execution, as its own trace will name it.
        trail: Where checks are written down; ``None`` writes nothing.
    """

    def __init__(
        self, policies: Iterable[Policy], facts: Facts, execution_id: str, *, trail: Trail | None = None
    ) -> None:
        now = clock.now()
        self._watch = Watch([policy for policy in policies if not policy.expired(now)], facts)
        self._facts = facts
        self._execution = execution_id
        self._trail = trail
        self._told: set[tuple[str, tuple[str, ...]]] = set()
        self._checks = 0

    def check(self, call: NormalizedDecision) -> Verdict:
        """Ask about ``call`` before it is made.

        Raises:
            OSError: if the trail cannot be written.
        """
        started = clock.stopwatch()
        hits = self._watch.check(call)
        fresh = tuple(hit for hit in hits if (hit.policy.id, hit.evidence) not in self._told)
        self._told.update((hit.policy.id, hit.evidence) for hit in fresh)
        action = _action(hits)
        asked = {"call": call.action, "callId": call.decision_id, "hits": [_said(hit) for hit in hits]}
        decision = NormalizedDecision(
            decision_id=f"{self._execution}#guard-{self._checks}",
            execution_id=self._execution,
            agent_id=self._facts.agent_id,
            step=self._checks,
            kind="guard",
            action=action,
            tool="soma-guard",
            role="other",
            outcome="skipped" if action == BLOCK else "ok",
            arguments=codec.encode(asked),
            reasoning=" ".join(hit.policy.message for hit in fresh) or None,
            started_at=clock.now(),
            duration_ms=round(1000 * (clock.stopwatch() - started), 3),
        )
        self._checks += 1
        if self._trail is not None:
            self._trail.add(decision)
        return Verdict(allowed=action != BLOCK, hits=hits, fresh=fresh, decision=decision)

    def learn(self, decision: NormalizedDecision, *, pressure: float | None = None, mode: str | None = None) -> None:
        """Take in a call that has ended; see ``Watch.learn``."""
        self._watch.learn(decision, pressure=pressure, mode=mode)


def check(
    policies: Iterable[Policy], facts: Facts, so_far: Sequence[NormalizedDecision], call: NormalizedDecision
) -> Verdict:
    """The verdict on ``call`` after the finished calls ``so_far``, without a guard that lives along."""
    guard = Guard(policies, facts, call.execution_id)
    for decision in so_far:
        guard.learn(decision)
    return guard.check(call)


def _action(hits: Sequence[Hit]) -> str:
    binding = [hit.policy.effect for hit in hits if hit.policy.mode == "enforce"]
    if "error" in binding:
        return BLOCK
    return WARN if binding else SHADOW if hits else ALLOW


def _said(hit: Hit) -> dict[str, object]:
    policy = hit.policy
    return {
        "policy": policy.id, "version": policy.version, "digest": policy.digest, "effect": policy.effect,
        "mode": policy.mode, "evidence": hit.evidence,
    }  # fmt: skip
