"""Uncertainty: hedging in what the agent writes, dithering between actions, calls tried again."""

from __future__ import annotations

import msgspec

from soma.pressure.arithmetic import entropy
from soma.pressure.constants import ENTROPY_SHARE, HEDGE_FULL, HEDGE_LEAST, HEDGE_SHARE, RETRY_SHARE, WINDOW
from soma.pressure.window import Window


class Uncertainty(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """0 to 1: ``0.4 · hedges + 0.3 · entropy + 0.3 · retries`` over the window (parts from the issue, shares ours).

    Hedges are counted per word, full at ``HEDGE_FULL``; entropy is that of the action names over its maximum (Shannon
    1948); retries are the share of calls that had failed inside the window before. A part that is not known adds 0.
    """

    def of(self, window: Window) -> float:
        """The signal after the last action of ``window``."""
        words = window.words if window.words > HEDGE_LEAST else HEDGE_LEAST
        hedging = window.hedges / words / HEDGE_FULL
        return (
            HEDGE_SHARE * (hedging if hedging < 1.0 else 1.0)
            + ENTROPY_SHARE * entropy(window.c_log_c, window.size)
            + RETRY_SHARE * (window.retries / WINDOW)
        )
