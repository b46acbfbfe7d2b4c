"""The conditions a policy may state, told apart by ``kind``.

A policy is about calls. A call is *hit* when the condition holds with everything that came before it; how the call
itself ends plays no part, since a policy that binds is asked before the call is made.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from soma.model import NormalizedDecision

from .match import Call, Result

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Many = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
_MOST_STEPS = 64


class _Condition(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", tag_field="kind",
    omit_defaults=True,
):  # fmt: skip
    """What all conditions share: strict reading and the tag."""


class Action(_Condition, frozen=True, kw_only=True, tag="action"):
    """The call is one of these: ``call`` says which."""

    call: Call

    def __post_init__(self) -> None:
        if self.call.anything:
            raise ValueError("an action condition needs action, tool, role or arguments: otherwise every call is hit")


class Count(_Condition, frozen=True, kw_only=True, tag="count"):
    """At least ``least`` calls that ended as ``of`` says came before.

    Attributes:
        last: Only among so many calls right before; ``None``: in the whole execution.
        seconds: Only in so many seconds before the call; calls whose start is not known never count then.
    """

    of: Result = Result()
    least: Many
    last: Many | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.seconds is not None:
            raise ValueError("a window is given by last (calls) or by seconds, not by both")
        if self.last is not None and self.least > self.last:
            raise ValueError(f"least = {self.least} can never be reached among the last {self.last} calls")


class Rate(_Condition, frozen=True, kw_only=True, tag="rate"):
    """Of the calls ``among`` right before, at least the share ``rate`` ended as ``of`` says.

    Attributes:
        last: How many calls of ``among`` are looked at.
        least: From how many on it is judged; by default all of ``last``.
    """

    of: Result
    among: Result = Result()
    rate: Share
    last: Many
    least: Many | None = None

    def __post_init__(self) -> None:
        if self.of.anything:
            raise ValueError("a rate needs to say in `of` which calls count: outcome, action, ...")
        if self.rate <= 0:
            raise ValueError("a rate of 0 is always reached")
        if self.least is not None and self.least > self.last:
            raise ValueError(f"least = {self.least} can never be reached among the last {self.last} calls")


class Step(Result, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A call of a sequence, ``times`` times in a row."""

    times: Annotated[int, msgspec.Meta(ge=1, le=_MOST_STEPS)] = 1


class Sequence(_Condition, frozen=True, kw_only=True, tag="sequence"):
    """The call ``then`` after the calls ``after``, in this order.

    Attributes:
        after: What came before.
        then: The call that is hit; left out, any call.
        consecutive: Whether nothing else may lie between.
        same: ``action``: all of them, the last one too, are of one action; ``call``: they have the same arguments as
            well. Where the source records no arguments, two calls are never the same.
        within: The first of ``after`` is at most so many calls before the one that is hit.
    """

    after: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=16)]
    then: Call = Call()
    consecutive: bool = False
    same: Literal["", "action", "call"] = ""
    within: Many | None = None

    def __post_init__(self) -> None:
        if len(self.steps) > _MOST_STEPS:
            raise ValueError(f"a sequence has at most {_MOST_STEPS} steps, repeated ones counted")
        if self.within is not None and self.within < len(self.steps):
            raise ValueError(f"within = {self.within} leaves no room for {len(self.steps)} steps")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The calls of ``after``, each as often as it is asked for."""
        return tuple(step for step in self.after for _ in range(step.times))


class Prefix(_Condition, frozen=True, kw_only=True, tag="prefix"):
    """The call completes this beginning of the execution's path.

    Attributes:
        path: Actions from the first call on, as in ``soma variants``: repeats in a row taken as one, numeric suffixes
            dropped; no globs.
    """

    path: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=300)], ...], msgspec.Meta(min_length=1,
                    max_length=_MOST_STEPS)]  # fmt: skip


class Pressure(_Condition, frozen=True, kw_only=True, tag="pressure"):
    """The agent's own pressure after the call before is at least ``least``."""

    least: Share


class InMode(_Condition, frozen=True, kw_only=True, tag="mode"):
    """The mode after the call before is ``least`` or a higher one."""

    least: Literal["GUIDE", "WARN", "BLOCK"]


class Conformance(_Condition, frozen=True, kw_only=True, tag="conformance"):
    """The agent's last known conformance to the usual way is below ``below``."""

    below: Share


class Bottleneck(_Condition, frozen=True, kw_only=True, tag="bottleneck"):
    """The call's action is a known bottleneck of the agent; ``call`` narrows it."""

    call: Call = Call()


class FailureRate(_Condition, frozen=True, kw_only=True, tag="failureRate"):
    """The share of the agent's recent executions that failed is at least ``least``."""

    least: Share


class Depth(_Condition, frozen=True, kw_only=True, tag="depth"):
    """The execution is delegated ``least`` levels deep or deeper (1: by a top-level execution)."""

    least: Many


Condition = (
    Action | Count | Rate | Sequence | Prefix | Pressure | InMode | Conformance | Bottleneck | FailureRate | Depth
)


def is_call(decision: NormalizedDecision) -> bool:
    """Whether the agent chose it: what an execution merely met with (a failure, a guard) is no call."""
    return decision.kind not in ("failure", "guard")
