"""From five signals to one pressure: z against the own baseline, σ_clamp, and the blend of mean and maximum."""

from __future__ import annotations

from collections.abc import Sequence

from .arithmetic import sigma_clamp
from .baseline import Baseline
from .constants import COLD_START, DEFAULTS, FLOORS, MAX_SHARE, MEAN_SHARE


def signal_pressure(value: float, baseline: Baseline, default: float | None, floor: float) -> float:
    """``σ_clamp((value - expected) / max(deviation, floor))`` (issue, seed 001).

    Args:
        value: The signal.
        baseline: What is normal, before this value is learned.
        default: Normal value of an unknown agent; ``None``: there is none, and a young baseline speaks more softly.
        floor: Least deviation, in units of the signal.
    """
    off = value - baseline.expected(default)
    if off <= 0.0:
        return 0.0
    pressure = sigma_clamp(off / baseline.spread(floor))
    if default is None and baseline.count < COLD_START:
        return pressure * (baseline.count / COLD_START)
    return pressure


def signal_pressures(values: Sequence[float | None], baselines: Sequence[Baseline]) -> list[float]:
    """Pressure of each signal; one that is not known presses by 0."""
    return [
        0.0 if value is None else signal_pressure(value, baseline, default, floor)
        for value, baseline, default, floor in zip(values, baselines, DEFAULTS, FLOORS, strict=True)
    ]


def blend(pressures: Sequence[float]) -> float:
    """``0.7 · mean + 0.3 · max`` (issue, seed 001).

    The mean is over all five, known or not: that a source records no cost must not make its errors weigh more.
    """
    a, b, c, d, e = pressures
    return MEAN_SHARE * ((((a + b) + c) + d) + e) / 5.0 + MAX_SHARE * max(a, b, c, d, e)


def learn(values: Sequence[float | None], baselines: Sequence[Baseline]) -> None:
    """Teach every baseline its signal's value, where that is known."""
    for value, baseline, floor in zip(values, baselines, FLOORS, strict=True):
        if value is not None:
            baseline.learn_calmly(value, floor)
