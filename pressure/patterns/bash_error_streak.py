"""Bash error streak: the shell has not worked once in its last calls, whatever was done in between."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation

CALLS = 3
"""Shell calls that failed one after the other (the described system warns before the third)."""


class BashErrorStreak(Pattern):
    """Fires when the last three shell calls all failed; reading or searching between them does not end the streak."""

    name = "bash_error_streak"
    priority = 6
    healing = "read"
    covered_by = frozenset({"same_failure", "retry_storm", "error_cascade", "oscillation", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the last three shell calls failed, this action being the last of them."""
        recent = situation.state.window.recent
        if recent[-1].role != "shell" or not recent[-1].failed:
            return None
        failures = between = 0
        for seen in reversed(recent):
            if seen.role != "shell":
                between += 1
            elif seen.failed:
                failures += 1
            else:
                break
        if failures < CALLS:
            return None
        told = f", with {between} other actions around them" if between else ""
        return Finding(
            self.name,
            Severity.WARN,
            f"the last {failures} shell calls failed{told}",
            "Stop running commands: read the first of these errors and check what it takes for granted (folder, "
            "program, file).",
            self.healing,
        )
