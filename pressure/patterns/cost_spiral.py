"""Cost spiral: every action costs more than the last while things fail; and its forecast, before the spike."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from soma.pressure.arithmetic import octaves
from soma.pressure.constants import SPIKE_LEAST, SPIKE_RATIO

from .finding import Finding, Pattern, Severity, Situation

KNOWN = 8
"""Last actions with a known amount that a line is drawn through. Measured: with eight, amounts that vary by a factor of
three each way give no forecast in 20,000 actions, with six 37."""

DOUBLED = 1.0
"""Octaves the line rises over those eight. Measured: contexts that merely fill rise by 0.1 to 0.5 while things fail."""

FAILURES = 3
"""Failures among the last eight actions (5 in the described system, which asks for no acceleration)."""

AHEAD = 5
"""Actions the forecast looks ahead: the first horizon, after the next action, at which a message is judged."""

UNDER_WAY = 2.0
"""Times the calm median the last amount must be for a forecast: a rise that has begun (and few lines to draw)."""

CERTAIN = 3.0
"""Slope over its standard error; below, a rising line may be noise."""

_MICRO = 1e6


class Line(NamedTuple):
    """A straight line through values at 0, 1, 2...: octaves per action, its standard error, the value at the end."""

    slope: float
    error: float
    end: float


class CostSpiral(Pattern):
    """Fires when spending per action doubled along a line while three of eight failed; or when a spike is coming.

    Amounts are dollars where they are known, else tokens; a line is drawn through log2 of the last eight known ones
    (ordinary least squares) and must rise by at least three of its standard errors. The spiral asks for a doubling over
    the eight. The forecast draws the line out five actions: it is told when that reaches what the engine calls a spike
    (20 times the agent's calm median) while the last amount is at least twice that median and no spike yet. What grows
    evenly, as a filling context does, is a flattening line in logarithms and reaches none. Small change is left alone.
    """

    name = "cost_spiral"
    priority = 10
    cooldown = 8
    healing = "plan"

    def match(self, situation: Situation) -> Finding | None:
        """The finding: the spiral itself, or its forecast."""
        state = situation.state
        recent = state.window.recent
        now = recent[-1]
        if now.cost is not None:
            last, median, unit, name = _MICRO * now.cost, state.cost.median, _MICRO, "dollars"
            least = _MICRO * SPIKE_LEAST[1]
        elif now.tokens is not None:
            last, median, unit, name = float(now.tokens), state.tokens.median, 1.0, "tokens"
            least = SPIKE_LEAST[0]
        else:
            return None
        # Most actions are neither among failures nor dearer than usual: no list is made for them.
        failures = sum([seen.failed for seen in recent[-KNOWN:]])
        failing = failures >= FAILURES
        rising = median is not None and last >= UNDER_WAY * median * unit
        if last < least or not (failing or rising):
            return None
        if name == "dollars":
            amounts = [_MICRO * seen.cost for seen in recent if seen.cost is not None]
        else:
            amounts = [float(seen.tokens) for seen in recent if seen.tokens is not None]
        if len(amounts) < KNOWN:
            return None
        amounts = amounts[-KNOWN:]
        trend = line([octaves(amount) for amount in amounts])
        if trend.slope <= 0.0 or trend.slope < CERTAIN * trend.error:
            return None
        if failing and trend.slope * (KNOWN - 1) >= DOUBLED:
            return self._spiral(amounts, failures, unit, name)
        spike = SPIKE_RATIO * (median or 0.0) * unit
        if rising and last < spike and trend.end + AHEAD * trend.slope >= octaves(spike):
            return self._forecast(last, spike, unit, name)
        return None

    def _spiral(self, amounts: list[float], failures: int, unit: float, name: str) -> Finding:
        return Finding(
            self.name,
            Severity.CRITICAL,
            f"{name} per action rose from {amounts[0] / unit:,.6g} to {amounts[-1] / unit:,.6g} while {failures} of "
            f"{KNOWN} actions failed",
            "Every failed try makes the next one dearer: go back to what worked last and take a cheaper step.",
            self.healing,
        )

    def _forecast(self, last: float, spike: float, unit: float, name: str) -> Finding:
        return Finding(
            self.name,
            Severity.WARN,
            f"forecast: at this pace an action takes {spike / unit:,.6g} {name} or more within {AHEAD} actions "
            f"({last / unit:,.6g} now)",
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
