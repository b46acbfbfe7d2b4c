"""Short executions to try policies on."""

from __future__ import annotations

from typing import Any

from soma.governance.policy import Condition, Facts, Policy, Watch
from soma.model import NormalizedDecision


def call(step: int, action: str, outcome: str = "ok", **more: Any) -> NormalizedDecision:
    fields = {"tool": action.partition(":")[0], "arguments_digest": "d1"} | more
    return NormalizedDecision(
        decision_id=f"x/{step}",
        execution_id="x",
        agent_id="mailer",
        step=step,
        action=action,
        outcome=outcome,
        **fields,
    )


def run(*spoken: str) -> list[NormalizedDecision]:
    """``"exec:node failed"`` is one call; without a word for its outcome it ended well."""
    return [call(step, *words.split()) for step, words in enumerate(spoken)]


def policy(condition: Condition, **more: Any) -> Policy:
    return Policy(id="p", condition=condition, message="Stop.", **more)


def hits(
    one: Policy,
    decisions: list[NormalizedDecision],
    facts: Facts | None = None,
    pressures: dict[int, float] | None = None,
) -> list[int]:
    """Steps of the calls that are hit."""
    watch = Watch([one], facts or Facts(agent_id="mailer"))
    found = []
    for decision in decisions:
        if watch.check(decision):
            found.append(decision.step)
        watch.learn(decision, pressure=(pressures or {}).get(decision.step))
    return found
