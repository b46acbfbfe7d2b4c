"""What is normal for one signal of one agent: a moving average with variance that outliers and storms cannot teach."""

from __future__ import annotations

from math import sqrt

import msgspec

from .constants import ALPHA, CLIP, COLD_START


class Baseline(msgspec.Struct, array_like=True, gc=False):
    """Exponential moving average of a signal and of its squared deviation.

    ``mean' = α x + (1 - α) mean`` and ``variance' = α (x - mean)² + (1 - α) variance`` (West 1979; reference vectors in
    the tests). The first value sets the mean.

    Attributes:
        mean: Moving average. variance: Moving squared deviation. count: Values learned.
    """

    mean: float = 0.0
    variance: float = 0.0
    count: int = 0

    def expected(self, default: float | None) -> float:
        """The normal value: own mean, blended with ``default`` until ``COLD_START`` values were learned."""
        if default is None or self.count >= COLD_START:
            return self.mean
        share = self.count / COLD_START
        return share * self.mean + (1.0 - share) * default

    def spread(self, floor: float) -> float:
        """Its standard deviation, never below ``floor``."""
        deviation = sqrt(self.variance)
        return deviation if deviation > floor else floor

    def learn(self, value: float) -> None:
        """One update of mean and variance with ``value`` as it is."""
        if self.count == 0:
            self.mean = value
            self.count = 1
            return
        off = value - self.mean
        self.variance = ALPHA * (off * off) + (1.0 - ALPHA) * self.variance
        self.mean = ALPHA * value + (1.0 - ALPHA) * self.mean
        if self.count < COLD_START:
            self.count += 1

    def learn_calmly(self, value: float, floor: float) -> None:
        """One update with ``value`` brought to within ``CLIP`` deviations of the mean."""
        if self.count:
            reach = CLIP * self.spread(floor)
            value = min(max(value, self.mean - reach), self.mean + reach)
        self.learn(value)
