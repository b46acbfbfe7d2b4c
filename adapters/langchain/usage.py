"""What a model run cost: tokens and money, from the message or the provider's response, counted once per run."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_count, as_number, as_object

_COUNTS = frozenset({"input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"})


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Tokens of one model run; ``tokens_in`` leaves out what was read from or written to a cache."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None


def usage_of(body: dict[str, Any], outputs: dict[str, Any]) -> Usage | None:
    """Usage as LangChain normalised it, else as the provider reported it; ``None`` where neither did."""
    normal = as_object(body.get("usage_metadata")) or as_object(outputs.get("usage_metadata"))
    if (usage := _normalised(normal)) is not None:
        return usage
    told = as_object(outputs.get("llm_output"))
    response = as_object(body.get("response_metadata"))
    for raw in (told.get("token_usage"), told.get("usage"), response.get("token_usage"), response.get("usage"),
                outputs.get("usage")):  # fmt: skip
        if (usage := provider_usage(as_object(raw))) is not None:
            return usage
    return None


def _normalised(raw: dict[str, Any]) -> Usage | None:
    if not raw:
        return None
    details = as_object(raw.get("input_token_details"))
    return _usage(
        as_count(raw.get("input_tokens")),
        as_count(raw.get("output_tokens")),
        as_count(details.get("cache_read")),
        as_count(details.get("cache_creation")),
        inclusive=True,
    )


def provider_usage(raw: dict[str, Any]) -> Usage | None:
    """Usage in OpenAI's words (cached tokens are part of the prompt) or Anthropic's (they are not)."""
    if raw.keys().isdisjoint(_COUNTS):
        return None
    if "input_tokens" in raw or "cache_read_input_tokens" in raw:
        return _usage(
            as_count(raw.get("input_tokens")),
            as_count(raw.get("output_tokens")),
            as_count(raw.get("cache_read_input_tokens")),
            as_count(raw.get("cache_creation_input_tokens")),
            inclusive=False,
        )
    details = as_object(raw.get("prompt_tokens_details")) or as_object(raw.get("prompt_token_details"))
    cached = as_count(details.get("cached_tokens"))
    return _usage(
        as_count(raw.get("prompt_tokens")),
        as_count(raw.get("completion_tokens")),
        as_count(details.get("cache_read")) if cached is None else cached,
        as_count(details.get("cache_creation")),
        inclusive=True,
    )


def _usage(
    tokens_in: int | None, tokens_out: int | None, read: int | None, write: int | None, *, inclusive: bool
) -> Usage | None:
    if tokens_in is None and tokens_out is None:
        return None
    if inclusive and tokens_in is not None:
        tokens_in = max(0, tokens_in - (read or 0) - (write or 0))
    return Usage(tokens_in=tokens_in, tokens_out=tokens_out, cache_read=read, cache_write=write)


def combined(usages: list[Usage]) -> Usage | None:
    """The sums, field by field; a field nobody reported stays unknown."""
    if len(usages) < 2:
        return usages[0] if usages else None
    return Usage(
        tokens_in=total([usage.tokens_in for usage in usages]),
        tokens_out=total([usage.tokens_out for usage in usages]),
        cache_read=total([usage.cache_read for usage in usages]),
        cache_write=total([usage.cache_write for usage in usages]),
    )


def total(numbers: list[int | None]) -> int | None:
    """The sum of what is known, ``None`` when nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def dollars(value: Any) -> float | None:
    """An amount of money; exports write it as a number or as decimal text."""
    if isinstance(value, str) and 0 < len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    amount = as_number(value)
    return amount if amount is not None and amount >= 0 else None
