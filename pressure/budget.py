"""What may be spent, and what is left of it."""

from __future__ import annotations

import msgspec

from soma.config import Limits


class Spending(msgspec.Struct, array_like=True, gc=False):
    """What was charged so far: tokens and US dollars. Never cut off at the limit: an overdraft is seen as one."""

    tokens: int = 0
    cost_usd: float = 0.0

    def charge(self, tokens: int | None, cost_usd: float | None) -> None:
        """Add what one action took; what is not known charges nothing."""
        if tokens is not None:
            self.tokens += tokens
        if cost_usd is not None:
            self.cost_usd += cost_usd


def health(spent: Spending, limits: Limits) -> float:
    """What is left of the scarcest dimension, 0 to 1: ``max(0, min (limit - spent) / limit)``.

    1 without any limit; a limit of 0 leaves 0 (semantics of the described system).
    """
    left = 1.0
    for used, limit in ((spent.tokens, limits.tokens), (spent.cost_usd, limits.cost_usd)):
        if limit is not None:
            left = min(left, (limit - used) / limit if limit > 0 else 0.0)
    return max(0.0, left)
