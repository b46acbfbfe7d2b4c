"""Token counts in the words of the different services, as the four numbers of an execution."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_count, as_object


class Tokens(msgspec.Struct):
    """Tokens of one model message or of a whole run; input excludes what was read from or written to a cache."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None

    def add(self, other: Tokens) -> None:
        """Add another message's tokens; what neither knows stays unknown."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if theirs is not None:
                setattr(self, name, theirs + (mine or 0))


def tokens_of(usage: dict[str, Any]) -> Tokens:
    """The tokens that a ``usage`` object states."""
    prompt, answer = _first(usage, "prompt_tokens"), _first(usage, "output_tokens", "completion_tokens")
    details = as_object(usage.get("prompt_tokens_details")) or as_object(usage.get("input_tokens_details"))
    cached = as_count(details.get("cached_tokens"))
    whole = prompt if prompt is not None else _first(usage, "input_tokens")
    if cached is not None and whole is not None:
        # Where the cached part is a detail of the input, it is contained in it.
        return Tokens(max(whole - cached, 0), answer, cached, None)
    read, written = as_count(usage.get("cache_read_input_tokens")), as_count(usage.get("cache_creation_input_tokens"))
    return Tokens(whole, answer, read, written)


def _first(usage: dict[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := as_count(usage.get(name))) is not None), None)
