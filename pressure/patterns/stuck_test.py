"""Stuck test: a check fails, something is edited, and the check fails as before."""

from __future__ import annotations

from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

RUNS = 3
"""Failing runs with edits between them, where the results are not known to be equal (ours)."""

CHANGES = frozenset({"edit", "write"})


class StuckTest(Pattern):
    """Fires when a check keeps failing though files were edited between its runs.

    A check is a test run, or a shell call that is made again. Two runs with edits between them are enough when call and
    result are equal: the edits changed nothing. Otherwise it takes three failing runs of the tests or of the same
    program, with an edit before each but the first and no run that worked between them.
    """

    name = "stuck_test"
    priority = 9
    healing = "read"

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if this action is a check that fails as before."""
        recent = situation.state.window.recent
        now = recent[-1]
        if not now.failed or not (now.tests or now.role == "shell"):
            return None
        runs, edits, equal = 1, 0, False
        edited = False
        for seen in reversed(recent[:-1]):
            if seen.role in CHANGES and not seen.failed:
                edited = True
                edits += 1
            elif _same_check(seen, now):
                if not seen.failed:
                    break
                if edited:
                    runs += 1
                    equal = equal or (seen.call == now.call is not None and seen.result == now.result is not None)
                edited = False
        if runs < RUNS and not equal:
            return None
        if equal:
            what = f"{now.action} fails with the same result as before {edits} edits"
            advice = "The edits do not reach the cause: read the message and the failing code anew before the next one."
        else:
            what = f"{now.action} failed {runs} times with {edits} edits between"
            advice = "List everything that fails and why before the next edit, instead of one repair after the other."
        return Finding(self.name, Severity.WARN if equal else Severity.INFO, what, advice, self.healing)


def _same_check(seen: Seen, now: Seen) -> bool:
    return (seen.tests and now.tests) or (seen.role == now.role and seen.action == now.action)
