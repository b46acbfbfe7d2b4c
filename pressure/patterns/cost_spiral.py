"""Cost spiral: every action costs more than the last while things fail; and its forecast, before the spike."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from soma.pressure.arithmetic import octaves
from soma.pressure.constants import SPIKE_LEAST, SPIKE_RATIO
from soma.pressure.state import AgentState
from soma.pressure.window import Seen

from .finding import Finding, Pattern, Severity, Situation

KNOWN = 8
"""Last actions with a known amount that the spiral is judged on, and the fewest a forecast needs."""

DOUBLED = 1.0
"""Octaves the line rises over those eight. Measured: contexts that merely fill rise by 0.1 to 0.5 while things fail."""

FAILURES = 3
"""Failures among the last eight actions (5 in the described system, which asks for no acceleration)."""

AHEAD = 5
"""Actions the forecast looks ahead: the first horizon, after the next action, at which a message is judged."""

CERTAIN = 3.0
"""Slope over its standard error; below, a rising line may be noise."""

_MICRO = 1e6


class Line(NamedTuple):
    """A straight line through values at 0, 1, 2...: octaves per action, its standard error, the value at the end."""

    slope: float
    error: float
    end: float

    @property
    def rises(self) -> bool:
        """Whether it rises for certain."""
        return self.slope > 0.0 and self.slope >= CERTAIN * self.error


class CostSpiral(Pattern):
    """Fires when spending per action doubled along a line while three of eight failed; or when a spike is coming.

    Amounts are dollars where they are known, else tokens; lines are drawn through their log2 (ordinary least squares).
    The spiral takes the last eight known amounts: the slope must be at least three standard errors and amount to a
    doubling. The forecast takes the last 8 to 20 and draws the line out five actions: it is told when that reaches what
    the engine calls a spike (20 times the agent's calm median) and the last amount has not yet. What grows evenly, as a
    filling context does, is a flattening line in logarithms and reaches none.
    """

    name = "cost_spiral"
    priority = 10
    cooldown = 8
    healing = "plan"

    def match(self, situation: Situation) -> Finding | None:
        """The finding: the spiral itself, or its forecast."""
        state = situation.state
        recent = state.window.recent
        if recent[-1].cost is not None:
            amounts = [_MICRO * seen.cost for seen in recent if seen.cost is not None]
            least, unit, name = _MICRO * SPIKE_LEAST[1], _MICRO, "dollars"
        else:
            amounts = [float(seen.tokens) for seen in recent if seen.tokens is not None]
            least, unit, name = SPIKE_LEAST[0], 1.0, "tokens"
        if len(amounts) < KNOWN or (recent[-1].cost is None and recent[-1].tokens is None):
            return None
        return self._spiral(recent, amounts, least, unit, name) or self._forecast(state, amounts, least, unit, name)

    def _spiral(self, recent: list[Seen], amounts: list[float], least: float, unit: float, name: str) -> Finding | None:
        failures = sum(seen.failed for seen in recent[-KNOWN:])
        if failures < FAILURES or amounts[-1] < least:
            return None
        last = amounts[-KNOWN:]
        trend = line([octaves(amount) for amount in last])
        if not trend.rises or trend.slope * (KNOWN - 1) < DOUBLED:
            return None
        return Finding(
            self.name,
            Severity.CRITICAL,
            f"{name} per action rose from {last[0] / unit:,.6g} to {last[-1] / unit:,.6g} while {failures} of {KNOWN} "
            "actions failed",
            "Every failed try makes the next one dearer: go back to what worked last and take a cheaper step.",
            self.healing,
        )

    def _forecast(
        self, state: AgentState, amounts: list[float], least: float, unit: float, name: str
    ) -> Finding | None:
        median = state.tokens.median if name == "tokens" else state.cost.median
        if median is None:
            return None
        spike = max(least, SPIKE_RATIO * median * unit)
        trend = line([octaves(amount) for amount in amounts])
        if amounts[-1] >= spike or not trend.rises or trend.end + AHEAD * trend.slope < octaves(spike):
            return None
        return Finding(
            self.name,
            Severity.WARN,
            f"forecast: at this pace an action takes {spike / unit:,.6g} {name} or more within {AHEAD} actions "
            f"({amounts[-1] / unit:,.6g} now)",
            "Spending grows with every action: shorten what you send, or split the work, before it does.",
            self.healing,
        )


def line(values: Sequence[float]) -> Line:
    """Ordinary least squares over the indices, with the standard error of the slope (Draper and Smith 1998, 1.4).

    Args:
        values: At least three.
    """
    n = len(values)
    centre, level = (n - 1) / 2.0, sum(values) / n
    spread = n * (n * n - 1) / 12.0
    slope = sum((at - centre) * value for at, value in enumerate(values)) / spread
    left = sum((value - level - slope * (at - centre)) ** 2 for at, value in enumerate(values))
    return Line(slope, sqrt(left / (n - 2) / spread), level + slope * centre)
