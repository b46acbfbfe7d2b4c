"""Tokens and cost of a generation, in the words of the different versions of Langfuse."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_count, as_object
from soma.adapters.generic.usage import Tokens
from soma.adapters.langchain.usage import dollars

_INPUT = ("input", "promptTokens", "inputTokens", "prompt_tokens", "input_tokens")
_OUTPUT = ("output", "completionTokens", "outputTokens", "completion_tokens", "output_tokens")
_TOTAL = ("total", "totalTokens", "total_tokens")
_WRITTEN = ("creation", "write")


def tokens_of(fields: dict[str, Any]) -> Tokens | None:
    """The tokens an observation states; input leaves out what was read from or written to a cache.

    Whether the input Langfuse was sent contains the cached part differs by instrumentation; the total tells.
    """
    usage = as_object(fields.get("usageDetails")) or as_object(fields.get("usage")) or fields
    given, answered, total = _first(usage, _INPUT), _first(usage, _OUTPUT), _first(usage, _TOTAL)
    if given is None and answered is None:
        return None
    cached = {
        key: count for key, value in usage.items() if "cache" in key.lower() and (count := as_count(value)) is not None
    }
    written = [count for key, count in cached.items() if any(word in key.lower() for word in _WRITTEN)]
    read = [count for key, count in cached.items() if not any(word in key.lower() for word in _WRITTEN)]
    if given is not None and total == given + (answered or 0):
        given = max(0, given - sum(cached.values()))
    return Tokens(given, answered, sum(read) if read else None, sum(written) if written else None)


def cost_of(fields: dict[str, Any]) -> float | None:
    """US dollars; a total of zero without details is what Langfuse writes for a model it knows no price of."""
    details = as_object(fields.get("costDetails"))
    if details:
        total = dollars(details.get("total"))
        parts = [cost for value in details.values() if (cost := dollars(value)) is not None]
        return total if total is not None else sum(parts) if parts else None
    return next((cost for key in ("totalCost", "calculatedTotalCost") if (cost := dollars(fields.get(key)))), None)


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((count for name in names if (count := as_count(usage.get(name))) is not None), None)
