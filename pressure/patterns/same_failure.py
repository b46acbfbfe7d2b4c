"""Same failure: a call that failed is made again with equal arguments and nothing changed, and fails again."""

from __future__ import annotations

from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

HEAVY = 3
"""Equal failing calls from which it is critical: where the engine warns (``SAME_FAILURE`` of its constants)."""

CHANGES_NOTHING = frozenset({"read", "search", "plan"})
"""Roles after which a call that failed is still the same call."""


class SameFailure(Pattern):
    """Fires when a call that failed is repeated with equal arguments and fails, nothing that could change it between.

    Failures, reading, searching and planning count as nothing; an edit, a command that worked or an answer of the user
    may have changed what it meets (a test that is run again after an edit is no repetition). Where arguments are not
    recorded, two failures in a row of one action with one result count.
    """

    name = "same_failure"
    priority = 8
    healing = "read"
    covered_by = frozenset({"oscillation"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if this action is a failure that was repeated unchanged."""
        recent = situation.state.window.recent
        now = recent[-1]
        if not now.failed:
            return None
        times = situation.state.streaks.same_failure
        if now.call is not None:
            times = _equal(recent, now.call)
        if times < 2:
            return None
        return Finding(
            self.name,
            Severity.CRITICAL if times >= HEAVY else Severity.WARN,
            f"{now.action} failed {times} times with the same arguments and nothing changed in between",
            "The same call will fail again: change the arguments or the approach, or say that it cannot be done.",
            self.healing,
        )


def _equal(recent: list[Seen], call: str) -> int:
    times = 0
    for seen in reversed(recent):
        if seen.failed:
            times += seen.call == call
        elif seen.role not in CHANGES_NOTHING:
            break
    return times
