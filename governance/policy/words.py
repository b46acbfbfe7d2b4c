"""A policy in plain words: whom it is about and when it holds."""

from __future__ import annotations

from collections.abc import Sequence as Items

from soma.synthesizer.wording import duration, number, percent, plain

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
    Step,
)
from .match import Call, Result
from .model import Scope

_LONG = 120
_SHOWN = 4


def scope_words(scope: Scope) -> str:
    """Whom it is about: ``agents mailer · tasks inbox digest · calls of write``."""
    parts = [f"{name} {_list(globs)}" for name, globs in
             (("agents", scope.agents), ("teams", scope.teams), ("tasks", scope.tasks)) if globs]  # fmt: skip
    if not scope.calls.anything:
        parts.append(f"calls: {call_words(scope.calls)}")
    return " · ".join(parts) or "every agent, team and task"


def condition_words(condition: Condition) -> str:
    """When a call is hit, as one clause that completes "a call is hit when"."""
    match condition:
        case Action():
            return f"it is {call_words(condition.call)}"
        case Count():
            many = number(condition.least, "call")
            return f"{many} or more before it were {result_words(condition.of)}{_window(condition)}"
        case Rate():
            least = condition.least or condition.last
            judged = f", judged from {number(least, 'call')} on" if least < condition.last else ""
            among = "" if condition.among.anything else f" that were {result_words(condition.among)}"
            return (
                f"{percent(condition.rate)} or more of the last {number(condition.last, 'call')}{among} were "
                f"{result_words(condition.of)}{judged}"
            )
        case Sequence():
            return _sequence(condition)
        case Prefix():
            return f"it completes the beginning {plain(' → '.join(condition.path), 4 * _LONG)}"
        case Pressure():
            return f"the agent's pressure is {condition.least:g} or more"
        case InMode():
            return f"the mode is {condition.least} or higher"
        case Conformance():
            return f"the agent's last known conformance is below {condition.below:g}"
        case Bottleneck():
            narrower = "" if condition.call.anything else f" and it is {call_words(condition.call)}"
            return f"its action is a known bottleneck of the agent{narrower}"
        case FailureRate():
            return f"{percent(condition.least)} or more of the agent's recent runs failed"
        case Depth():
            return f"its run is delegated {number(condition.least, 'level')} deep or deeper"


def _window(condition: Count) -> str:
    if condition.last is not None:
        return f", of the last {number(condition.last, 'call')}"
    if condition.seconds is not None:
        return f", in the last {duration(condition.seconds * 1000)}"
    return ", in this run"


def _sequence(condition: Sequence) -> str:
    same = {"": "", "action": "the same action again", "call": "the same call again, arguments and all"}[condition.same]
    what = "" if condition.then.anything else call_words(condition.then)
    it_is = ", ".join(part for part in (what, same) if part)
    steps = ", then ".join(_step(step) for step in condition.after)
    within = f", within {number(condition.within, 'call')}" if condition.within else ""
    after = "right after" if condition.consecutive else "after"
    return f"it {f'is {it_is}, and ' if it_is else ''}comes {after} {steps}{within}"


def _step(step: Step) -> str:
    times = {1: "", 2: " (twice)"}.get(step.times, f" ({step.times} times)")
    return f"{result_words(step)}{times}"


def call_words(call: Call) -> str:
    """Which calls are meant."""
    parts = [_list(call.action)] if call.action else []
    parts += [f"{name} {_list(globs)}" for name, globs in (("tool", call.tool), ("kind", call.role)) if globs]
    if call.arguments:
        parts.append(f"with arguments like {_list(call.arguments)}")
    return " ".join(parts) or "any call"


def result_words(result: Result) -> str:
    """Which finished calls are meant."""
    parts = [call_words(result)]
    if result.outcome:
        parts.append(f"that ended {_list(result.outcome)}")
    if result.error:
        parts.append(f"with an error like {_list(result.error)}")
    if result.slower_ms is not None:
        parts.append(f"that took longer than {duration(result.slower_ms)}")
    return " ".join(parts)


def _list(words: Items[str]) -> str:
    shown = [plain(word, _LONG) for word in words[:_SHOWN]]
    more = f" or {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return (
        ", ".join(shown[:-1])
        + (" or " if len(shown) > 1 and not more else ", " if len(shown) > 1 else "")
        + shown[-1]
        + more
    )
