"""Retry storm: one tool fails again and again, three times in a row or more."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation

STORM, HEAVY = 3, 5
"""Failures of one tool in a row: seed 000 says 3; from 5 on it is critical, where the engine blocks."""


class RetryStorm(Pattern):
    """Fires when the last three actions or more failed, all with one tool (or one program, under whoever's name)."""

    name = "retry_storm"
    priority = 5
    covered_by = frozenset({"same_failure", "oscillation", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if one tool failed three times in a row."""
        failures = situation.state.streaks.failures
        if failures < STORM:
            return None
        run = situation.state.window.recent[-failures:]
        name = run[-1].tool
        if any(seen.tool != name for seen in run):
            name = run[-1].action
            if any(seen.action != name for seen in run):
                return None
        return Finding(
            self.name,
            Severity.CRITICAL if failures >= HEAVY else Severity.WARN,
            f"{name} failed {failures} times in a row",
            "Leave this tool for a moment: look at what it works on in another way, then decide.",
            "search" if run[-1].role == "read" else "read",
        )
