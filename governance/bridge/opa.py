"""Policies as data for the Open Policy Agent: globs become regular expressions, what is left out becomes explicit."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from soma.governance.policy import Call, Condition, Count, Effect, InMode, Policy, Rate, Result, Scope, Sequence

_MODES = ("OBSERVE", "GUIDE", "WARN", "BLOCK")


def opa_policy(policy: Policy, *, severity: Effect, binds: bool) -> dict[str, Any]:
    """One policy as ``soma.rego`` reads it."""
    why = why_not(policy.condition)
    return {
        "id": policy.id,
        "version": policy.version,
        "digest": policy.digest,
        "severity": severity,
        "binds": binds,
        "message": policy.message,
        "expires": None if policy.expires is None else policy.expires.isoformat(),
        "evaluated": why is None,
        "whyNot": why,
        "scope": _scope(policy.scope),
        "condition": _condition(policy.condition),
    }


def why_not(condition: Condition) -> str | None:
    """Why OPA cannot judge this condition; ``None`` where it can."""
    if isinstance(condition, Count) and condition.seconds is not None:
        return "it counts in a window of seconds"
    if isinstance(condition, Sequence) and not condition.consecutive and len(condition.after) > 1:
        return "its calls need not follow each other directly"
    return None


def pattern(glob: str) -> str:
    """A glob with ``*`` and ``?`` as an anchored regular expression in RE2's syntax."""
    parts = {"*": r"[\s\S]*", "?": r"[\s\S]"}
    return "^" + "".join(parts.get(sign) or re.escape(sign) for sign in glob) + "$"


def _scope(scope: Scope) -> dict[str, Any]:
    return {name: [pattern(glob) for glob in getattr(scope, name)] for name in ("agents", "teams", "tasks")} | {
        "calls": _call(scope.calls)
    }


def _call(call: Call) -> dict[str, Any]:
    said: dict[str, Any] = {name: [pattern(glob) for glob in getattr(call, name)]
                            for name in ("action", "tool", "arguments")}  # fmt: skip
    said["role"] = list(call.role)
    if isinstance(call, Result):
        said |= {
            "outcome": list(call.outcome),
            "error": [pattern(glob) for glob in call.error],
            "slowerMs": call.slower_ms,
        }
    return said


def _condition(condition: Condition) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": type(condition).__struct_config__.tag}
    for name in condition.__struct_fields__:
        value = getattr(condition, name)
        said[name] = _call(value) if isinstance(value, Call) else msgspec.to_builtins(value)
    if isinstance(condition, Rate):
        said["least"] = condition.least or condition.last
    if isinstance(condition, Sequence):
        del said["after"]
        said["steps"] = [_call(step) for step in condition.steps]
        said["last"] = condition.within
    if isinstance(condition, InMode):
        said["modes"] = list(_MODES[_MODES.index(condition.least) :])
    return said
