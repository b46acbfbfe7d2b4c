"""Guidance patterns: what goes wrong in ways that can be told and answered, one module each.

``PATTERNS`` are all there are; ``Rulebook(PATTERNS).watch(...)`` asks them right after an action.
"""

from __future__ import annotations

from .budget import Budget
from .finding import Finding, Pattern, Severity, Situation
from .rulebook import Memory, Rulebook, Watched, patterns_digest

PATTERNS: tuple[Pattern, ...] = (Budget(),)

__all__ = [
    "PATTERNS",
    "Finding",
    "Memory",
    "Pattern",
    "Rulebook",
    "Severity",
    "Situation",
    "Watched",
    "patterns_digest",
]
