"""Drift: the agent no longer does what the session set out to do."""

from __future__ import annotations

from soma.pressure.constants import FIRST, WINDOW

from .finding import Finding, Pattern, Severity, Situation

FAR = 0.6
"""The engine's drift signal from which it is far (0.5 in the described system, for another measure)."""

KEPT = 0.5
"""Share of the first actions' contact with the words of the task below which the task is lost (ours)."""


CLOSE = 0.5
"""Share of the first actions that must have touched the words of the task, or there was nothing to lose (ours)."""


class DriftPattern(Pattern):
    """Fires when the mix of actions has left that of the first ten and the words of the task have got rare as well.

    Going from reading to writing is how work goes, so the mix alone says nothing: without a task text it never fires.
    Nor does it once the user has asked for something else: the first request is no measure then.
    """

    name = "drift"
    priority = 0
    cooldown = 20
    healing = "plan"

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if mix and words of the task are both lost."""
        if situation.action.turn:
            return None
        signal = situation.reading.signals[1]
        window, drift = situation.state.window, situation.state.drift
        if signal is None or signal < FAR or drift.contact is None or not window.told:
            return None
        contact = window.contacts / window.told
        if drift.contact < CLOSE or contact > KEPT * drift.contact:
            return None
        return Finding(
            self.name,
            Severity.INFO,
            f"the last {WINDOW} actions share {100 - 100 * drift.distance // (2 * WINDOW)} % with the first {FIRST}; "
            f"words of the task come up in {100 * contact:.0f} % of them, at first in {100 * drift.contact:.0f} %",
            "Read the task again and say how what you are doing serves it.",
            self.healing,
        )
