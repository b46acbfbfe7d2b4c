"""Absolute floors: what is a storm whatever the agent is used to.

The blend of five signals cannot see a loop that reports no error, one signal alone can lift it to 0.44 at most, and
whatever is relative to a baseline can be got used to. So four conditions have a pressure of their own, below which the
pressure cannot be while they last. They are counts, hence exact, and they end with the condition.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import msgspec

from .constants import (
    BEYOND,
    BLOCK,
    CEILING,
    COLD_START,
    FAILURES,
    FAILURES_COLD,
    GUIDE,
    MEDIAN_LEAST,
    MEDIAN_OVER,
    SAME_FAILURE,
    SILENT_LOOP,
    SPIKE,
    SPIKE_RATIO,
    SPIKE_WITHIN,
    WARN,
    WINDOW,
    WINDOW_FAILURES,
)
from .window import Seen

REASONS: tuple[str, ...] = ("same_failure", "failures", "silent_loop", "failing_window", "token_spike", "cost_spike")
"""Names of the floors; of two that are equally high the earlier one is told."""


def level(count: int, steps: tuple[int, int, int], more: int = 0) -> float:
    """Pressure of a count: GUIDE, WARN, BLOCK at ``steps``, linear between, ``BEYOND`` for each one beyond, 0 below.

    Args:
        count: What was counted.
        steps: Counts that mean GUIDE, WARN and BLOCK.
        more: How many more are asked.
    """
    guide, warn, block = steps[0] + more, steps[1] + more, steps[2] + more
    if count < guide:
        return 0.0
    if count < warn:
        return GUIDE + (WARN - GUIDE) * ((count - guide) / (warn - guide))
    if count < block:
        return WARN + (BLOCK - WARN) * ((count - warn) / (block - warn))
    return min(CEILING, BLOCK + BEYOND * (count - block))


class Spikes(msgspec.Struct, array_like=True):
    """Actions that take many times what the agent's calm actions take.

    Attributes:
        calm: Amounts of the last calm actions, the oldest first. ordered: The same, in order.
        lately: Whether each of the last known actions was a spike.
    """

    calm: list[float] = msgspec.field(default_factory=list)
    ordered: list[float] = msgspec.field(default_factory=list)
    lately: list[bool] = msgspec.field(default_factory=list)

    @property
    def median(self) -> float | None:
        """Median of the calm amounts; ``None`` before ``MEDIAN_LEAST`` of them."""
        return self.ordered[len(self.ordered) // 2] if len(self.ordered) >= MEDIAN_LEAST else None

    def observe(self, amount: float, least: float) -> float:
        """The floor after an action that took ``amount``, which is no spike below ``least``."""
        median = self.median
        spike = median is not None and amount >= least and amount >= SPIKE_RATIO * median
        lately = self.lately
        lately.append(spike)
        if len(lately) > SPIKE_WITHIN:
            del lately[0]
        return level(sum(lately), SPIKE) if spike else 0.0

    def learn(self, amount: float) -> None:
        """Take a calm action's amount into the median."""
        self.calm.append(amount)
        insort(self.ordered, amount)
        if len(self.calm) > MEDIAN_OVER:
            del self.ordered[bisect_left(self.ordered, self.calm.pop(0))]


class Streaks(msgspec.Struct, array_like=True):
    """How many in a row, up to the last action.

    Attributes:
        same_failure: Failures of one and the same call. failures: Failures of any calls.
        silent: Same call, same result. succeeded: Successes of the session before the current run of failures.
        call, result, action: Of the last action. Where its arguments are not recorded, the same action with the same
            known result counts as the same call.
    """

    same_failure: int = 0
    failures: int = 0
    silent: int = 0
    succeeded: int = 0
    call: str | None = None
    result: str | None = None
    action: str = ""

    def observe(self, seen: Seen) -> None:
        """Count one more action."""
        answered_again = seen.result is not None and seen.result == self.result
        if seen.call is None:
            again = self.call is None and answered_again and seen.action == self.action
        else:
            again = seen.call == self.call
        if seen.failed:
            self.same_failure = self.same_failure + 1 if again and self.failures else 1
            self.failures += 1
        else:
            self.same_failure = self.failures = 0
            if seen.ok:
                self.succeeded += 1
        self.silent = self.silent + 1 if again and answered_again else 1
        self.call = seen.call
        self.result = seen.result
        self.action = seen.action

    def floors(self, failed: int, steps: int) -> tuple[float, float, float, float]:
        """Floors of the four counts, in the order of ``REASONS``.

        Args:
            failed: Failures in the window.
            steps: Actions of the session so far.
        """
        failures = self.failures
        window = level(failed, WINDOW_FAILURES) if steps >= WINDOW else 0.0
        silent = level(self.silent, SILENT_LOOP)
        if failures < SAME_FAILURE[0]:
            return 0.0, 0.0, silent, window
        cold = 0
        if self.succeeded < COLD_START:
            cold = FAILURES_COLD * (COLD_START - self.succeeded) // COLD_START
        return level(self.same_failure, SAME_FAILURE), level(failures, FAILURES, cold), silent, window
