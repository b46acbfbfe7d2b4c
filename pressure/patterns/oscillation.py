"""Oscillation: to and fro between two calls whose results do not change."""

from __future__ import annotations

from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

TURNS, HEAVY = 4, 6
"""Actions to and fro: A B A B is the shortest that is no accident; critical after another round (ours)."""


class Oscillation(Pattern):
    """Fires when the last four actions are A B A B: two calls in turn, each with the result it had before."""

    name = "oscillation"
    priority = 9
    healing = "plan"

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the agent goes to and fro."""
        recent = situation.state.window.recent
        if len(recent) < TURNS or _state(recent[-1]) is None or _state(recent[-1]) == _state(recent[-2]):
            return None
        turns = 2
        while turns < len(recent) and _state(recent[-turns - 1]) == _state(recent[-turns + 1]) is not None:
            turns += 1
        if turns < TURNS:
            return None
        return Finding(
            self.name,
            Severity.CRITICAL if turns >= HEAVY else Severity.WARN,
            f"{turns} actions to and fro between {recent[-2].action} and {recent[-1].action}, with the same results",
            "Neither of the two brings anything new: write down what you know, and take a third way.",
            self.healing,
        )


def _state(seen: Seen) -> tuple[str, str] | None:
    return None if seen.call is None or seen.result is None else (seen.call, seen.result)
