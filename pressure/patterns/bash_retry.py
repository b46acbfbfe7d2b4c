"""Bash retry: shell again straight after a failed shell call, with the same program, and it failed again."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation
from .shell import broke


class BashRetry(Pattern):
    """Fires when a shell call fails and the very next action runs the same program in the shell again, and fails too.

    That the second call fails is asked for because a second call that works needs no advice: the described system fires
    on any shell call after a failed one, so that its "recovery" is mostly how often a second try works anyway.
    """

    name = "bash_retry"
    priority = 4
    healing = "read"
    covered_by = frozenset({"same_failure", "retry_storm", "error_cascade", "oscillation", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the same program failed twice in a row."""
        recent = situation.state.window.recent
        if len(recent) < 2:
            return None
        before, now = recent[-2], recent[-1]
        if not (broke(now) and broke(before) and now.action == before.action):
            return None
        return Finding(
            self.name,
            Severity.WARN,
            f"{now.action} failed, and tried again at once it failed again",
            "Read the error message, and what it names, before you run it again.",
            self.healing,
        )
