"""Silent loop: the same call gives the same answer over and over, without an error to be seen."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation

LOOP, HEAVY = 3, 5
"""Equal calls with equal answers in a row: where the engine guides and warns (``SILENT_LOOP`` of its constants)."""


class SilentLoop(Pattern):
    """Fires when a call that does not fail was made three times in a row and answered the same each time."""

    name = "silent_loop"
    priority = 6

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if nothing new comes of the call."""
        streaks, now = situation.state.streaks, situation.state.window.recent[-1]
        if streaks.silent < LOOP or now.failed:
            return None
        return Finding(
            self.name,
            Severity.CRITICAL if streaks.silent >= HEAVY else Severity.WARN,
            f"{now.action} was called {streaks.silent} times in a row and answered the same each time",
            "The answer will not change: use what it says, or ask something else.",
        )
