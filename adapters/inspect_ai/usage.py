"""Tokens and cost: of one model call, and of a sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_count, as_number, as_object


class Usage(msgspec.Struct, frozen=True):
    """What model calls used; fresh input, cache reads and cache writes do not overlap. ``None`` is not known."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cost: float | None = None


def usage_of(value: Any) -> Usage | None:
    """The usage a log wrote; ``None`` when it wrote none.

    Providers differ in whether ``input_tokens`` holds what came from the cache. The total tells: where input and output
    alone make it up, the input does.
    """
    fields = as_object(value)
    given, out = as_count(fields.get("input_tokens")), as_count(fields.get("output_tokens"))
    if given is None and out is None:
        return None
    read = as_count(fields.get("input_tokens_cache_read"))
    write = as_count(fields.get("input_tokens_cache_write"))
    cached = (read or 0) + (write or 0)
    if given is not None and given >= cached and as_count(fields.get("total_tokens")) == given + (out or 0):
        given -= cached
    return Usage(given, out, read, write, as_number(fields.get("total_cost")))


def total(usages: Iterable[Usage]) -> Usage:
    """The sum, field by field over those that know it."""
    known = list(usages)
    costs = [usage.cost for usage in known if usage.cost is not None]
    return Usage(
        _sum(usage.tokens_in for usage in known),
        _sum(usage.tokens_out for usage in known),
        _sum(usage.cache_read for usage in known),
        _sum(usage.cache_write for usage in known),
        sum(costs) if costs else None,
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
