"""The one evaluator: policies over the calls of one execution, asked before each call and told how it ended.

Back-test, guards and tests all use it, so that a policy means the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from soma.model import NormalizedDecision

from .conditions import is_call
from .memory import Ended, Memory, memory_of
from .model import Facts, Policy


class Hit(msgspec.Struct, frozen=True, rename="camel"):
    """A call that a policy holds against.

    Attributes:
        policy: The policy. evidence: The decisions before the call that make it hold; empty where the call alone does.
    """

    policy: Policy
    evidence: tuple[str, ...]


class Watch:
    """Policies over one execution.

    ``check`` asks about a call before it is made and changes nothing; ``learn`` takes in the call once it has ended.
    Policies whose scope does not cover the execution cost nothing. Modes and expiry are not looked at here.

    Args:
        policies: In a fixed order; hits come in it.
        facts: What is known about the execution.

    Examples:
        >>> watch = Watch(policies, Facts(agent_id="mailer"))      # doctest: +SKIP
        >>> for decision in decisions:                             # doctest: +SKIP
        ...     hits = watch.check(decision)
        ...     watch.learn(decision)
    """

    def __init__(self, policies: Iterable[Policy], facts: Facts) -> None:
        self._watched: list[tuple[Policy, Memory]] = [
            (policy, memory_of(policy.condition, facts)) for policy in policies if policy.scope.covers(facts)
        ]

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that cover the execution."""
        return tuple(policy for policy, _ in self._watched)

    def check(self, call: NormalizedDecision) -> tuple[Hit, ...]:
        """The policies that hold against ``call``; how it ended is not looked at."""
        if not is_call(call):
            return ()
        return tuple(
            Hit(policy, evidence)
            for policy, memory in self._watched
            if policy.scope.calls.matches(call) and (evidence := memory.holds(call)) is not None
        )

    def learn(self, decision: NormalizedDecision, *, pressure: float | None = None, mode: str | None = None) -> None:
        """Take in a call that has ended.

        Args:
            decision: The call with its outcome.
            pressure: The agent's own pressure after it, 0 to 1, where it is known.
            mode: The mode after it: ``OBSERVE``, ``GUIDE``, ``WARN`` or ``BLOCK``.
        """
        if is_call(decision):
            ended = Ended(decision=decision, pressure=pressure, mode=mode)
            for _, memory in self._watched:
                memory.learn(ended)
