"""Cost spiral: spending speeds up while things fail; and its forecast, before the spike."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from soma.pressure.arithmetic import octaves
from soma.pressure.constants import SPIKE_LEAST, SPIKE_RATIO

from .finding import Finding, Pattern, Severity, Situation

KNOWN = 8
"""Actions with a known amount it takes: the last half of them is held against the half before."""

FASTER = 2.0
"""Median of the last four amounts over that of the four before (ours: the octave the engine takes for a deviation)."""

FAILURES = 3
"""Failures among the last eight actions (5 in the described system, which asks no acceleration)."""

AHEAD = 5
"""Actions the forecast looks ahead: the first horizon at which an intervention is judged after the next action."""

CERTAIN = 3.0
"""Slope of the trend over its standard error; below, a rising line may be noise."""


class CostSpiral(Pattern):
    """Fires when spending doubled within eight actions of which three failed; as a forecast, when a spike is coming.

    Amounts are dollars where they are known, else tokens. The forecast is a straight line through log2 of the last 8 to
    20 known amounts (ordinary least squares), drawn out five actions. It is told when the slope is at least three
    standard errors and the line reaches what the engine calls a spike (20 times the agent's calm median) while the last
    amount is still below. What grows steadily, as a context does, is a flattening line in logarithms and reaches no
    spike.
    """

    name = "cost_spiral"
    priority = 10
    cooldown = 8

    def match(self, situation: Situation) -> Finding | None:
        """The finding: the spiral itself, or its forecast."""
        state = situation.state
        recent = state.window.recent
        dollars = [seen.cost for seen in recent if seen.cost is not None]
        tokens = [float(seen.tokens) for seen in recent if seen.tokens is not None]
        if recent[-1].cost is not None and len(dollars) >= KNOWN:
            amounts, median, least, unit = (
                [1e6 * cost for cost in dollars],
                state.cost.median,
                1e6 * SPIKE_LEAST[1],
                1e6,
            )
            told = "dollars"
        elif recent[-1].tokens is not None and len(tokens) >= KNOWN:
            amounts, median, least, unit = tokens, state.tokens.median, SPIKE_LEAST[0], 1.0
            told = "tokens"
        else:
            return None
        failures = sum(seen.failed for seen in recent[-KNOWN:])
        now, before = _median(amounts[-KNOWN // 2 :]), _median(amounts[-KNOWN : -KNOWN // 2])
        if failures >= FAILURES and now >= FASTER * before and now >= least:
            return Finding(
                self.name,
                Severity.CRITICAL,
                f"{told} per action went from {before / unit:.4g} to {now / unit:.4g} while {failures} of {KNOWN} "
                "actions failed",
                "Stop spending on this way: go back to the last state that worked and take a cheaper step.",
                "plan",
            )
        if median is None:
            return None
        spike = max(least, SPIKE_RATIO * (median if told == "tokens" else 1e6 * median))
        coming = forecast([octaves(amount) for amount in amounts])
        if coming is None or amounts[-1] >= spike or coming < octaves(spike):
            return None
        return Finding(
            self.name,
            Severity.WARN,
            f"forecast: at this pace an action takes over {spike / unit:.4g} {told} within {AHEAD} actions "
            f"({amounts[-1] / unit:.4g} now)",
            "Spending grows with every action: shorten what you send, or split the work, before it does.",
            "plan",
        )


def forecast(values: Sequence[float]) -> float | None:
    """Where a straight line through ``values`` is ``AHEAD`` steps on; ``None`` unless it rises for certain.

    Ordinary least squares with the standard error of the slope (Draper and Smith 1998, 1.4), over indices 0 to n - 1.
    """
    n = len(values)
    centre, level = (n - 1) / 2.0, sum(values) / n
    spread = n * (n * n - 1) / 12.0
    slope = sum((at - centre) * value for at, value in enumerate(values)) / spread
    left = sum((value - level - slope * (at - centre)) ** 2 for at, value in enumerate(values))
    error = sqrt(left / (n - 2) / spread)
    if slope <= 0.0 or slope < CERTAIN * error:
        return None
    return level + slope * (n - 1 + AHEAD - centre)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
