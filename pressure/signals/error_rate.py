"""Error rate: how much of the window failed."""

from __future__ import annotations

import msgspec

from soma.pressure.constants import WINDOW
from soma.pressure.window import Window


class ErrorRate(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """0 to 1: failed actions among the last ``WINDOW``.

    The divisor is always ``WINDOW``: one failure is one failure, also as the very first action (a plain ratio would
    call that 100 %).
    """

    def of(self, window: Window) -> float:
        """The signal after the last action of ``window``."""
        return window.failed / WINDOW
