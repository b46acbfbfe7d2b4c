"""The run-time guards as policies: built by functions, with limits set by the agent's own history.

A limit is the 99th percentile of the agent's runs (nearest rank: Hyndman and Fan 1996, definition 1), for counts one
more: what fewer than one run in a hundred does. With fewer than ``ENOUGH`` runs the default stands. No limit goes below
its floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from soma.governance.policy import (
    Bottleneck,
    Call,
    Condition,
    Conformance,
    Count,
    Depth,
    Effect,
    FailureRate,
    Policy,
    Result,
    Scope,
    Step,
)
from soma.governance.policy import Sequence as SequenceOf

from .history import History

ENOUGH = 20
"""Runs (or calls, for durations) from which on the history sets a limit."""
USUAL = 0.99
UNUSUAL = 0.05
_DELEGATE = Call(role=("delegate",))
_N = TypeVar("_N", int, float)


def runtime_policies(history: History, *, effect: Effect = "warning") -> tuple[Policy, ...]:
    """All six kinds for one agent.

    Args:
        history: Of the agent.
        effect: ``warning`` speaks only; ``error`` stops calls.
    """
    return (
        timeout(history, effect),
        spawn_explosion(history, effect),
        too_deep(history, effect),
        reasoning_loop(history, effect),
        failure_rate(history, effect),
        conformance_drift(history, effect),
        known_bottleneck(history, effect),
    )


def quantile(ordered: Sequence[_N], share: float) -> _N | None:
    """The smallest value that at least ``share`` of ``ordered`` do not exceed; ``None`` below ``ENOUGH`` values."""
    if len(ordered) < ENOUGH:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def timeout(history: History, effect: Effect, *, default_ms: float = 30_000, floor_ms: float = 1_000) -> Policy:
    """The call before took longer than is usual: seen in finished traces too, where nothing is running any more."""
    usual = quantile(history.durations_ms, USUAL)
    limit = max(floor_ms, default_ms if usual is None else usual)
    condition = Count(of=Result(slower_ms=limit), least=1, last=1)
    return _policy("timeout", history, condition, effect,
                   f"The last call took longer than {limit / 1000:,.1f} s, {_because(usual)}.")  # fmt: skip


def spawn_explosion(history: History, effect: Effect, *, default: int = 50, floor: int = 5) -> Policy:
    """More delegations in one run than is usual."""
    usual = quantile(history.spawns, USUAL)
    limit = max(floor, default if usual is None else usual + 1)
    condition = Count(of=Result(role=("delegate",)), least=limit)
    return _policy("spawn-explosion", history, condition, effect,
                   f"This run has delegated {limit} times or more, {_because(usual)}.",
                   scope=Scope(agents=_own(history), calls=_DELEGATE))  # fmt: skip


def too_deep(history: History, effect: Effect, *, default: int = 10) -> Policy:
    """Delegated deeper than any run should be; the depth is told by whoever starts the run."""
    return _policy("max-depth", history, Depth(least=default), effect,
                   f"This run lies {default} delegations deep or deeper.",
                   scope=Scope(agents=_own(history), calls=_DELEGATE))  # fmt: skip


def reasoning_loop(history: History, effect: Effect, *, default: int = 25, floor: int = 3) -> Policy:
    """The same call again and again, also side by side; other calls of the same kind are no loop."""
    usual = quantile(history.repeats, USUAL)
    limit = min(60, max(floor, default if usual is None else usual + 1))
    condition = SequenceOf(after=(Step(times=limit),), consecutive=True, same="call")
    return _policy("reasoning-loop", history, condition, effect,
                   f"The same call was made {limit} times in a row, {_because(usual)}.")  # fmt: skip


def failure_rate(history: History, effect: Effect, *, default: float = 0.5) -> Policy:
    """The agent fails more often of late than its whole history allows for (upper end of its interval)."""
    usual = history.failure_rate if history.runs >= ENOUGH else None
    limit = min(1.0, max(default if usual is None else usual, 0.05))
    return _policy("failure-rate", history, FailureRate(least=limit), effect,
                   f"{limit:.0%} or more of the agent's recent runs failed, {_because(usual)}.")  # fmt: skip


def conformance_drift(history: History, effect: Effect, *, default: float = 0.7) -> Policy:
    """The last run kept to the usual way less than all but one in twenty did."""
    usual = quantile(history.conformances, UNUSUAL)
    limit = default if usual is None else usual
    return _policy("conformance-drift", history, Conformance(below=limit), effect,
                   f"The last run kept to the usual way by less than {limit:.2f}, {_because(usual)}.")  # fmt: skip


def known_bottleneck(history: History, effect: Effect) -> Policy:
    """The call is where most of the agent's time goes; of this agent, not of any."""
    return _policy("known-bottleneck", history, Bottleneck(), effect, "Most of this agent's time goes to this action.")


def _policy(
    kind: str, history: History, condition: Condition, effect: Effect, message: str, *, scope: Scope | None = None
) -> Policy:
    own = scope or Scope(agents=_own(history))
    return Policy(id=f"guard-{kind}", scope=own, condition=condition, effect=effect, message=message)


def _own(history: History) -> tuple[str, ...]:
    return (history.agent_id,)


def _because(usual: object) -> str:
    return "the default, for its runs are too few" if usual is None else "more than its own runs usually do"
