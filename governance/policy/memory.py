"""What each kind of condition remembers of an execution, so that a decision costs the same however long it runs.

A memory is asked about a call (``holds``) and told of a finished one (``learn``); both are pure but for the memory.
``holds`` returns the decision ids the answer rests on, ``None`` where the condition does not hold.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Protocol

import msgspec

from soma.action.signature import uncounted
from soma.model import NormalizedDecision

from .conditions import (
    Action,
    Bottleneck,
    Condition,
    Conformance,
    Count,
    Depth,
    FailureRate,
    InMode,
    Prefix,
    Pressure,
    Rate,
    Sequence,
)
from .model import Facts

MODES = ("OBSERVE", "GUIDE", "WARN", "BLOCK")
Evidence = tuple[str, ...]
_SHOWN = 20
_HERE: Evidence = ()


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A finished call with what the pressure engine said after it; ``None`` where that is not known."""

    decision: NormalizedDecision
    pressure: float | None = None
    mode: str | None = None


class Memory(Protocol):
    """What a condition remembers of one execution."""

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        """The decisions before ``call`` that make the condition hold for it; ``None`` where it does not."""
        ...

    def learn(self, ended: Ended) -> None:
        """Take in a call that has ended."""
        ...


def memory_of(condition: Condition, facts: Facts) -> Memory:
    """The empty memory of ``condition`` for an execution with these facts."""
    match condition:
        case Action():
            return _Asked(condition.call.matches)
        case Bottleneck():
            known, narrower = facts.bottlenecks, condition.call
            return _Asked(lambda call: uncounted(call.action) in known and narrower.matches(call))
        case Conformance():
            return _Fixed(facts.conformance is not None and facts.conformance < condition.below)
        case FailureRate():
            return _Fixed(facts.failure_rate is not None and facts.failure_rate >= condition.least)
        case Depth():
            return _Fixed(facts.depth is not None and facts.depth >= condition.least)
        case Pressure() | InMode():
            return _Level(condition)
        case Count():
            return _Counted(condition)
        case Rate():
            return _Rated(condition)
        case Prefix():
            return _Path(condition)
        case Sequence():
            return _Sequenced(condition)


class _Asked:
    """A condition on the call alone: nothing to remember."""

    def __init__(self, question: _Question) -> None:
        self._question = question

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        return _HERE if self._question(call) else None

    def learn(self, ended: Ended) -> None:
        return


class _Question(Protocol):
    def __call__(self, call: NormalizedDecision, /) -> bool: ...


class _Fixed:
    """A condition on what was known when the execution began."""

    def __init__(self, answer: bool) -> None:
        self._answer = answer

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        return _HERE if self._answer else None

    def learn(self, ended: Ended) -> None:
        return


class _Level:
    """Pressure or mode after the last call."""

    def __init__(self, condition: Pressure | InMode) -> None:
        self._condition = condition
        self._last: str | None = None

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        return None if self._last is None else (self._last,)

    def learn(self, ended: Ended) -> None:
        if isinstance(self._condition, Pressure):
            high = ended.pressure is not None and ended.pressure >= self._condition.least
        else:
            high = ended.mode in MODES and MODES.index(ended.mode) >= MODES.index(self._condition.least)
        self._last = ended.decision.decision_id if high else None


class _Counted:
    """Matching calls of the window: by place among all calls, or by their start."""

    def __init__(self, condition: Count) -> None:
        self._condition = condition
        self._seen: deque[tuple[int, str]] = deque()
        self._calls = 0
        # Older ones than these can never decide: enough of them came since.
        self._kept = max(condition.least, _SHOWN)

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        condition, since = self._condition, 0
        if condition.last is not None:
            since = self._calls - condition.last
        elif condition.seconds is not None:
            if call.started_at is None:
                return None
            since = call.started_at - round(condition.seconds * 1_000_000)
        if len(self._seen) < condition.least or self._seen[-condition.least][0] < since:
            return None
        return tuple(identity for place, identity in islice(reversed(self._seen), _SHOWN) if place >= since)[::-1]

    def learn(self, ended: Ended) -> None:
        decision = ended.decision
        where = decision.started_at if self._condition.seconds is not None else self._calls
        if where is not None and self._condition.of.matches(decision):
            self._seen.append((where, decision.decision_id))
            if len(self._seen) > self._kept:
                self._seen.popleft()
        self._calls += 1


class _Rated:
    """The last calls of the denominator, and whether each counts."""

    def __init__(self, condition: Rate) -> None:
        self._condition = condition
        self._seen: deque[tuple[bool, str]] = deque()
        self._hits = 0

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        condition, total = self._condition, len(self._seen)
        if total < (condition.least or condition.last) or self._hits / total < condition.rate:
            return None
        return tuple(identity for counts, identity in self._seen if counts)[-_SHOWN:]

    def learn(self, ended: Ended) -> None:
        if not self._condition.among.matches(ended.decision):
            return
        counts = self._condition.of.matches(ended.decision)
        self._seen.append((counts, ended.decision.decision_id))
        self._hits += counts
        if len(self._seen) > self._condition.last:
            self._hits -= self._seen.popleft()[0]


class _Path:
    """How far the path so far agrees with the prefix."""

    def __init__(self, condition: Prefix) -> None:
        self._path = condition.path
        self._place = 0
        self._last: str | None = None
        self._lost = False
        self._seen: list[str] = []

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        if self._lost or self._place != len(self._path) - 1:
            return None
        action = uncounted(call.action)
        return tuple(self._seen) if action == self._path[-1] and action != self._last else None

    def learn(self, ended: Ended) -> None:
        action = uncounted(ended.decision.action)
        if self._lost or action == self._last:
            return
        self._lost = self._place >= len(self._path) or action != self._path[self._place]
        self._place += 1
        self._last = action
        self._seen.append(ended.decision.decision_id)


class _Sequenced:
    """For every number of steps the latest start of calls that made them: the latest is the one a window keeps longest.

    With ``same`` there is one such list for each action, or for each call with its arguments.
    """

    def __init__(self, condition: Sequence) -> None:
        self._condition = condition
        self._steps = condition.steps
        self._calls = 0
        self._begun: dict[str, list[tuple[int, Evidence] | None]] = {}

    def holds(self, call: NormalizedDecision) -> Evidence | None:
        key = self._key(call)
        if key is None or not self._condition.then.matches(call):
            return None
        begun = self._begun.get(key)
        made = begun[-1] if begun else None
        if made is None or (self._condition.within is not None and self._calls - made[0] > self._condition.within):
            return None
        return made[1]

    def learn(self, ended: Ended) -> None:
        call = ended.decision
        key = self._key(call)
        if self._condition.consecutive:
            # Whatever another call began ends here.
            self._begun = {key: begun} if key is not None and (begun := self._begun.get(key)) else {}
        if key is not None:
            self._advance(key, call)
        self._calls += 1

    def _advance(self, key: str, call: NormalizedDecision) -> None:
        met = [step.matches(call) for step in self._condition.after]
        if not any(met) and key not in self._begun:
            return
        begun = self._begun.setdefault(key, [None] * len(self._steps))
        place = len(self._steps)
        for step, fits in zip(reversed(self._condition.after), reversed(met), strict=True):
            for _ in range(step.times):
                place -= 1
                before = begun[place - 1] if place else None
                if fits and (place == 0 or before is not None):
                    start, evidence = before or (self._calls, ())
                    begun[place] = (start, (*evidence, call.decision_id))
                elif self._condition.consecutive:
                    begun[place] = None
        if not any(begun):
            del self._begun[key]

    def _key(self, call: NormalizedDecision) -> str | None:
        if not self._condition.same:
            return ""
        action = uncounted(call.action)
        if self._condition.same == "action":
            return action
        return None if call.arguments_digest is None else f"{action}\x1f{call.arguments_digest}"
