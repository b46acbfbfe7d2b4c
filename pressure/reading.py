"""What the engine answers to one action."""

from __future__ import annotations

import msgspec

from .constants import SIGNALS
from .modes import Mode


class Reading(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The vitals of an agent right after an action.

    Attributes:
        agent: Whose. mode: Of the effective pressure. effective: ``pressure``, or what reaches it over the trust
        graph if
            that is more. pressure: Own pressure, 0 to 1: the blend, or the floor if that is more.
        signals: The five signals in the order of ``SIGNALS``; ``None`` where not known. pressures: Of each, 0 to 1.
        floor: Height of the highest absolute floor, 0 for none. floor_reason: Which (``soma.pressure.floors.REASONS``).
        learned: Whether the baselines learned from the action; they do not during a storm.
        budget: What is left of the scarcest limit of session and agent, 0 to 1. exhausted: Whether that is nothing.
    """

    agent: str
    mode: Mode
    effective: float
    pressure: float
    signals: tuple[float | None, float | None, float | None, float | None, float | None]
    pressures: tuple[float, float, float, float, float]
    floor: float
    floor_reason: str | None
    learned: bool
    budget: float
    exhausted: bool

    def reason(self) -> str:
        """What decides the mode, in words: the floor, another agent, or the signals that press most."""
        if self.effective > self.pressure:
            return "another agent's distress"
        if self.floor_reason is not None and self.floor >= self.pressure:
            return self.floor_reason.replace("_", " ")
        pressing = sorted(
            ((pressure, name) for pressure, name in zip(self.pressures, SIGNALS, strict=True) if pressure >= 0.05),
            key=lambda pair: (-pair[0], SIGNALS.index(pair[1])),
        )
        return ", ".join(f"{name.replace('_', ' ')} {pressure:.2f}" for pressure, name in pressing[:3]) or "calm"
