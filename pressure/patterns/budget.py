"""Budget: little is left of what may be spent."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation

LOW, NEARLY_NONE = 0.20, 0.05
"""Share of the scarcest limit that is left (seed 000: below 20 %; critical below 5 % in the described system)."""


class Budget(Pattern):
    """Fires when less than a fifth of the scarcest limit of session or agent is left; without limits, never."""

    name = "budget"
    priority = 5

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if little is left."""
        left = situation.reading.budget
        if left >= LOW:
            return None
        severity = Severity.CRITICAL if left < NEARLY_NONE else Severity.WARN
        return Finding(
            self.name,
            severity,
            f"{100 * left:.0f} % of the budget is left" if left > 0 else "the budget is spent",
            "Finish what is begun, save the work, and say what is left to do.",
        )
