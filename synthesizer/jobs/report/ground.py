"""What every part of the report is made of: counts, shares, moments, intervals."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from soma.synthesizer import stats

_DIGITS = 6

Count = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Points = Annotated[float, Meta(ge=-1, le=1)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]


class Range(msgspec.Struct, frozen=True, rename="camel"):
    """The values that are compatible with the data, both ends included; the level is that of the report."""

    low: Points
    high: Points


class Proportion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A share of runs: how many of how many, and its Wilson interval."""

    successes: Count
    total: Count
    rate: Share | None
    interval: Range


class Effect(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A difference of two shares, second minus first, compared task by task."""

    estimate: Points
    interval: Range


def proportion_of(share: stats.Proportion) -> Proportion:
    """A share with its interval."""
    return Proportion(
        successes=share.successes,
        total=share.total,
        rate=None if share.rate is None else rounded(share.rate),
        interval=range_of(share.interval),
    )


def range_of(interval: stats.Interval) -> Range:
    """An interval."""
    return Range(low=rounded(interval.low), high=rounded(interval.high))


def rounded(value: float) -> float:
    """To as many digits as anyone can use, so that the file does not depend on the last bit; never −0."""
    return round(value, _DIGITS) + 0.0
