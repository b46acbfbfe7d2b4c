"""Guidance patterns: what goes wrong in ways that can be told and answered, one module each.

``PATTERNS`` are all there are; ``Rulebook(PATTERNS).watch(...)`` asks them right after an action. ``registry`` tells
of each its name, version, status, healing and one line about it. Patterns know roles of tools (``shell``, ``read``,
``edit``...), never names of tools, so they hold across frameworks.
"""

from __future__ import annotations

from soma.config import PatternSettings

from .bash_error_streak import BashErrorStreak
from .bash_retry import BashRetry
from .blind_edit import BlindEdit
from .budget import Budget
from .context import Context
from .cost_spiral import CostSpiral
from .drift import DriftPattern
from .entropy_drop import EntropyDrop
from .error_cascade import ErrorCascade
from .false_success import FalseSuccess
from .finding import Finding, Pattern, Severity, Situation
from .oscillation import Oscillation
from .registry import Catalogue, Entry, Status, catalogue, registry
from .retry_storm import RetryStorm
from .rulebook import Memory, Rulebook, Watched, patterns_digest
from .same_failure import SameFailure
from .silent_loop import SilentLoop
from .stuck_test import StuckTest


def patterns_of(settings: PatternSettings) -> tuple[Pattern, ...]:
    """All patterns as they are set, in a fixed order: those of the first description first, then the new ones."""
    return (
        CostSpiral(), Budget(), BashRetry(), BashErrorStreak(), RetryStorm(), ErrorCascade(), BlindEdit(),
        EntropyDrop(), Context(settings.context_window), DriftPattern(), SameFailure(), Oscillation(), SilentLoop(),
        FalseSuccess(), StuckTest(),
    )  # fmt: skip


PATTERNS: tuple[Pattern, ...] = patterns_of(PatternSettings())

__all__ = [
    "PATTERNS",
    "Catalogue",
    "Entry",
    "Finding",
    "Memory",
    "Pattern",
    "Rulebook",
    "Severity",
    "Situation",
    "Status",
    "Watched",
    "catalogue",
    "patterns_digest",
    "patterns_of",
    "registry",
]
