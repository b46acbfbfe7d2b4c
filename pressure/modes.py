"""The four response modes and the thresholds between them."""

from __future__ import annotations

from enum import IntEnum

from soma.config import Thresholds


class Mode(IntEnum):
    """How strongly to respond, from silence to refusing what cannot be undone (issue, seed 000)."""

    OBSERVE = 0
    GUIDE = 1
    WARN = 2
    BLOCK = 3


def mode_of(pressure: float, thresholds: Thresholds) -> Mode:
    """The mode of a pressure; a threshold belongs to the mode above it."""
    if pressure >= thresholds.warn:
        return Mode.BLOCK if pressure >= thresholds.block else Mode.WARN
    return Mode.GUIDE if pressure >= thresholds.guide else Mode.OBSERVE
