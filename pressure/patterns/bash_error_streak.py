"""Bash error streak: one shell command after another fails, whatever program it is."""

from __future__ import annotations

from .finding import Finding, Pattern, Severity, Situation
from .shell import LOOKING, broke

CALLS = 2
"""Shell calls that failed one after the other: the described system, too, warns before the third."""


class BashErrorStreak(Pattern):
    """Fires when the last two shell calls failed with different programs; other work between does not end the streak.

    Looking (``ls``, ``cat``) at what an error named is what the pattern advises, so that is not held against the agent.
    Two failures of one program are a bash retry, three failures of anything in a row a retry storm or error cascade.
    """

    name = "bash_error_streak"
    priority = 4
    healing = "read"
    covered_by = frozenset({"same_failure", "retry_storm", "error_cascade", "oscillation", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if this is a shell call that failed after another one that did."""
        recent = situation.state.window.recent
        if not broke(recent[-1]) or recent[-1].action in LOOKING:
            return None
        failed: list[str] = []
        between = waiting = 0
        for seen in reversed(recent):
            if seen.role != "shell":
                waiting += 1
            elif broke(seen):
                failed.append(seen.action)
                between += waiting
                waiting = 0
            else:
                break
        programs = dict.fromkeys(failed)
        if len(failed) < CALLS or len(programs) < 2:
            return None
        told = f", with {between} other actions between" if between else ""
        return Finding(
            self.name,
            Severity.WARN,
            f"the last {len(failed)} shell calls failed, of {len(programs)} programs{told}",
            "Stop running commands: read the first of these errors and check what it takes for granted (folder, "
            "program, file).",
            self.healing,
        )
