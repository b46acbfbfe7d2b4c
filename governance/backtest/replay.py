"""One policy over one recorded execution: which calls it would have hit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from soma.governance.policy import (
    Conformance,
    Depth,
    Facts,
    FailureRate,
    InMode,
    Policy,
    Pressure,
    Watch,
    is_call,
)
from soma.governance.policy import Sequence as SequenceOf
from soma.model import NormalizedDecision
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.queries import query

_AT_ONCE = 500


class Step(msgspec.Struct, frozen=True):
    """A recorded decision with what the pressure engine answered to it, where the vault keeps that."""

    decision: NormalizedDecision
    pressure: float | None
    mode: str | None


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one execution.

    Attributes:
        calls: How many calls it has. hits: How many of them are hit.
        first: The first that is hit. evidence: What makes it so. left: Calls from it on.
    """

    calls: int
    hits: int
    first: NormalizedDecision | None
    evidence: tuple[str, ...]
    left: int


def recorded(vault: Queryable, executions: Sequence[str]) -> Iterator[tuple[str, list[Step]]]:
    """Each execution with its decisions in order, some hundred executions in memory at a time."""
    for start in range(0, len(executions), _AT_ONCE):
        some = list(executions[start : start + _AT_ONCE])
        found: list[list[Step]] = [[] for _ in some]
        for row in vault.sql(query(__package__, "decisions"), (some, list(range(len(some))))).to_pylist():
            place, pressure, mode = (row.pop(name) for name in ("place", "pressure", "mode"))
            found[place].append(Step(NormalizedDecision(**row), pressure, mode))
        yield from zip(some, found, strict=True)


def judgeable(policy: Policy, facts: Facts, steps: Sequence[Step]) -> bool:
    """Whether what the condition asks about is known of the execution."""
    match policy.condition:
        case Pressure() | InMode():
            return not steps or any(step.pressure is not None for step in steps)
        case Conformance():
            return facts.conformance is not None
        case FailureRate():
            return facts.failure_rate is not None
        case Depth():
            return facts.depth is not None
        case SequenceOf(same="call"):
            return not steps or any(step.decision.arguments_digest is not None for step in steps)
        case _:
            return True


def traced(policy: Policy, facts: Facts, steps: Sequence[Step], *, start: int = 0) -> Traced:
    """Replay one execution under the policy; from the place ``start`` on it is asked and counted."""
    watch = Watch([policy], facts)
    calls = hits = left = 0
    first: NormalizedDecision | None = None
    evidence: tuple[str, ...] = ()
    for place, step in enumerate(steps):
        asked = place >= start
        calls += asked and is_call(step.decision)
        if asked and (found := watch.check(step.decision)):
            hits += 1
            if first is None:
                first, evidence = step.decision, found[0].evidence
        left += first is not None and is_call(step.decision)
        watch.learn(step.decision, pressure=step.pressure, mode=step.mode)
    return Traced(calls=calls, hits=hits, first=first, evidence=evidence, left=left)
