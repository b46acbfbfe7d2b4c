"""Token usage and cost: what one action takes, in factors of two."""

from __future__ import annotations

import msgspec

from soma.pressure.arithmetic import octaves


class Velocity(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Octaves: ``log2(1 + amount · scale)`` of one action; ``None`` where the amount is not known.

    The issue asks for the velocity per action, not the share of a budget. The logarithm makes a doubling the same step
    for every agent, and its baseline's deviation a factor.

    Attributes:
        scale: 1 for tokens, 1,000,000 for dollars, so that a millionth of a dollar is the first octave.
    """

    scale: float = 1.0

    def of(self, amount: float | None) -> float | None:
        """The signal of an action that took ``amount``."""
        return None if amount is None else octaves(amount * self.scale)
