"""Drift: how far the agent has come from what the session set out to do."""

from __future__ import annotations

import msgspec

from soma.pressure.constants import CONTACT_SHARE, FIRST, MIX_SHARE, WINDOW
from soma.pressure.window import Seen, Window


class Drift(msgspec.Struct, array_like=True):
    """0 to 1: ``0.6 · mix + 0.4 · loss``; not known before ``FIRST`` actions were seen.

    *mix* is the total variation distance between the action names of the window and of the first ``FIRST`` actions:
    half
    the sum of the differences of the shares (Levin, Peres and Wilmer 2009, 4.1). Both hold as many actions, so it is an
    integer kept up to date by the one name that arrives and the one that leaves. *loss* is how much rarer the words
    of the
    task have become in what the agent writes and gets to read; 0 where there is no task text.

    Attributes:
        intent: Words of the task text (a dictionary keeps their order whatever the hash seed).
        first: Action name to count among the first actions. distance: Sum of the differences of counts.
        contact: Share of the first actions that touched the task; ``None`` when it cannot be told.
    """

    intent: dict[bytes, int] = msgspec.field(default_factory=dict)
    first: dict[str, int] = msgspec.field(default_factory=dict)
    distance: int = 0
    contact: float | None = None

    def of(self, window: Window, arrived: Seen, left: Seen | None) -> float | None:
        """The signal after ``arrived`` came into ``window`` and ``left`` went out of it."""
        if window.steps <= FIRST:
            if window.steps == FIRST:
                self.first = dict(window.actions)
                self.contact = window.contacts / window.told if window.told else None
            return None
        if left is not None and left.action != arrived.action:
            self._moved(arrived.action, window.actions.get(arrived.action, 0), 1)
            self._moved(left.action, window.actions.get(left.action, 0), -1)
        loss = 0.0
        if self.contact is not None and window.told:
            loss = self.contact - window.contacts / window.told
        return MIX_SHARE * (self.distance / (2 * WINDOW)) + CONTACT_SHARE * (loss if loss > 0.0 else 0.0)

    def _moved(self, action: str, now: int, by: int) -> None:
        then = self.first.get(action, 0)
        self.distance += abs(now - then) - abs(now - by - then)
