"""Policies: typed, versioned, readable as files, with one evaluator for back-test, guards and tests."""

from __future__ import annotations

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
    is_call,
)
from .files import policy_of, read_policies
from .match import FAILED, Call, Result
from .model import Effect, Facts, Mode, Policy, Scope
from .watch import Hit, Watch

__all__ = [
    "FAILED",
    "Action",
    "Bottleneck",
    "Call",
    "Condition",
    "Conformance",
    "Count",
    "Depth",
    "Effect",
    "Facts",
    "FailureRate",
    "Hit",
    "InMode",
    "Mode",
    "Policy",
    "Prefix",
    "Pressure",
    "Rate",
    "Result",
    "Scope",
    "Sequence",
    "Step",
    "Watch",
    "is_call",
    "policy_of",
    "read_policies",
]
