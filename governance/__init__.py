"""Governance: proposals, human judgement, policies that bind, and their measure.

Nothing here promotes by itself: what enters the canon was put there by a named person, with a reason, in the audit.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bridge import PolicyBridge

__all__ = ["PolicyBridge"]


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: a guard in a hook needs no statistics.
    if name == "PolicyBridge":
        return importlib.import_module(".bridge", __name__).PolicyBridge
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
