"""Error cascade: whatever the agent tries fails, with one tool as with another."""

from __future__ import annotations

from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

LEAST, HEAVY = 3, 5
"""Failures in a row: seed 000 says 3; critical from 5 on, as in the described system."""

KNOWN_BURSTS = 5
"""Runs of failures it takes to know what is typical of an agent (ours: the middle of five is not moved by one)."""


def usual_burst(bursts: list[int]) -> int:
    """How many failures in a row the agent typically comes out of by itself: the median run; 0 before five runs."""
    return sorted(bursts)[len(bursts) // 2] if len(bursts) >= KNOWN_BURSTS else 0


def _tools(run: list[Seen]) -> dict[str, None]:
    """The tools that brought errors of their own; one that only hands on an earlier result (a final answer) did not."""
    tools: dict[str, None] = {}
    results: dict[str | None, str] = {}
    for seen in run:
        if seen.result is None or results.setdefault(seen.result, seen.tool) == seen.tool:
            tools[seen.tool] = None
    return tools


class ErrorCascade(Pattern):
    """Fires when three actions or more failed in a row, with at least two tools.

    For an agent whose runs of failures are typically longer than two, it takes one more than the median of its last
    fifteen runs: what it usually comes out of by itself is no cascade.
    """

    name = "error_cascade"
    priority = 7
    healing = "read"
    covered_by = frozenset({"oscillation", "stuck_test"})

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if enough actions of several tools failed in a row."""
        state = situation.state
        failures = state.streaks.failures
        usual = usual_burst(state.bursts)
        if failures < max(LEAST, usual + 1):
            return None
        run = state.window.recent[-failures:]
        tools = _tools(run)
        if len(tools) < 2 or all(seen.action == run[-1].action for seen in run):
            return None
        told = f"; it usually comes out after {usual}" if usual >= LEAST else ""
        return Finding(
            self.name,
            Severity.CRITICAL if failures >= max(HEAVY, usual + 3) else Severity.WARN,
            f"{failures} actions in a row failed, with {len(tools)} tools{told}",
            "Stop and find the one cause behind all of these errors before you try anything else.",
            self.healing,
        )
