"""The numeric core for many sessions side by side: from signals and floors to pressures, bit for bit as the engine's.

What a session did (texts, counts, floors) does not depend on baselines, so it is sensed once; the core can then be run
as often as wanted, with other configurations or over whole vaults. Sessions are columns: NumPy does one action of all
of them at once, with the same operations in the same order as ``aggregate`` and ``baseline`` do for one. The engine
never loads this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .arithmetic import EXPONENTIALS, STEPS, TAYLOR, TOP
from .constants import ALPHA, CLIP, COLD_START, DEFAULTS, FLOORS, GUIDE, MAX_SHARE, MEAN_SHARE, SIGNALS
from .reading import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SIDE_BY_SIDE = 1024
"""Sessions at once: what a step works on then fits into a core's cache."""


class Sensed(NamedTuple):
    """What the core is given, sessions side by side.

    Attributes:
        signals: Actions by ``SIGNALS`` by sessions; NaN where not known, and after the end of a shorter session.
        floors: Actions by sessions: the highest absolute floor.
    """

    signals: Floats
    floors: Floats


def sensed(sessions: Sequence[Iterable[Reading]]) -> Sensed:
    """Signals and floors of what an engine answered, one entry per session."""
    import numpy as np

    listed = [list(session) for session in sessions]
    longest = max(map(len, listed), default=0)
    signals = np.full((longest, len(SIGNALS), len(listed)), np.nan)
    floors = np.zeros((longest, len(listed)))
    for column, session in enumerate(listed):
        for row, reading in enumerate(session):
            signals[row, :, column] = [np.nan if value is None else value for value in reading.signals]
            floors[row, column] = reading.floor
    return Sensed(signals, floors)


def trajectories(signals: Floats, floors: Floats) -> Floats:
    """Own pressure after every action, actions by sessions; every session begins with baselines that know nothing.

    Args:
        signals: As in ``Sensed``.
        floors: As in ``Sensed``.
    """
    import numpy as np

    pressures = np.empty(floors.shape)
    for start in range(0, floors.shape[1], _SIDE_BY_SIDE):
        some = slice(start, start + _SIDE_BY_SIDE)
        _side_by_side(np.ascontiguousarray(signals[:, :, some]), floors[:, some], pressures[:, some])
    return pressures


def _side_by_side(signals: Floats, floors: Floats, pressures: Floats) -> None:
    import numpy as np

    shape = signals.shape[1:]
    mean, variance, count, expected, spread, low, high, x = (np.zeros(shape) for _ in range(8))
    known, positive, learning = (np.empty(shape, dtype=bool) for _ in range(3))
    least = np.array(FLOORS)[:, None]
    levels = sum(default is not None for default in DEFAULTS)
    default = np.array([value for value in DEFAULTS[:levels] if value is not None])[:, None]
    exponentials, keep = np.array(EXPONENTIALS), 1.0 - ALPHA
    with np.errstate(invalid="ignore"):
        for row in range(signals.shape[0]):
            value, floor = signals[row], floors[row]
            np.equal(value, value, out=known)
            young = bool((known & (count < COLD_START)).any())
            np.sqrt(variance, out=spread)
            np.maximum(spread, least, out=spread)
            if young:
                share = count / COLD_START
                np.multiply(share, mean, out=expected)
                expected[:levels] += (1.0 - share[:levels]) * default
                expected[levels:] = mean[levels:]
                np.subtract(value, expected, out=x)
            else:
                np.subtract(value, mean, out=x)
            x /= spread
            np.greater(x, 0.0, out=positive)
            _sigma_clamp(x, positive, exponentials)
            if young:
                x[levels:] *= share[levels:]
            pressure = pressures[row]
            np.add(x[0], x[1], out=pressure)
            pressure += x[2]
            pressure += x[3]
            pressure += x[4]
            pressure *= MEAN_SHARE
            pressure /= 5.0
            pressure += MAX_SHARE * x.max(axis=0)
            np.maximum(pressure, floor, out=pressure)

            np.logical_and(known, floor < GUIDE, out=learning)
            spread *= CLIP
            np.subtract(mean, spread, out=low)
            np.add(mean, spread, out=high)
            np.maximum(value, low, out=low)
            np.minimum(low, high, out=low)
            if young:
                # The first value is learned as it is and has no deviation.
                new = count == 0.0
                np.copyto(low, value, where=new)
                np.copyto(mean, value, where=new & learning)
            np.subtract(low, mean, out=high)
            high *= high
            high *= ALPHA
            np.multiply(variance, keep, out=x)
            high += x
            np.copyto(variance, high, where=learning)
            low *= ALPHA
            np.multiply(mean, keep, out=x)
            low += x
            if young:
                np.copyto(low, mean, where=new)
            np.copyto(mean, low, where=learning)
            if young:
                count += learning
                np.minimum(count, COLD_START, out=count)


def _sigma_clamp(x: Floats, positive: NDArray[np.bool_], exponentials: Floats) -> None:
    """``arithmetic.sigma_clamp`` of every ``x`` in place; computed only where it is neither 0 nor 1."""
    import numpy as np

    flat = x.reshape(-1)
    inside = np.flatnonzero(positive & (x <= TOP))
    between = flat[inside]
    np.copyto(x, 0.0)
    np.copyto(x, 1.0, where=positive)
    index = (between * STEPS).astype(np.intp)
    r = between - index / STEPS
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = TAYLOR
    series = c7 + r * c8
    for coefficient in (c6, c5, c4, c3, c2, c1, c0):
        series *= r
        series += coefficient
    series *= exponentials[index]
    series += 1.0
    flat[inside] = 1.0 / series
