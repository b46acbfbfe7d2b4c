"""Which of the names in ``conventions`` a set of attributes has.

The spans of one instrumentation have the same few sets of names, thousands of times each. What they have is found out
once for each set; what is read of a span is then read by names that are there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from . import conventions

_KEPT = 1024
_MANY = 64
_NOTED = frozenset(
    prefix + key
    for keys in (
        conventions.AGENT_KEYS,
        conventions.GRAPH_KEYS,
        conventions.TASK_KEYS,
        conventions.EXAMPLE_KEYS,
        conventions.SESSION_KEYS,
    )
    for key in keys
    for prefix in conventions.METADATA_PREFIXES
)
_TELLING = _NOTED | frozenset(
    conventions.METADATA_JSON
    + conventions.AGENT_NAME
    + conventions.WORKFLOW_NAME
    + conventions.SESSION
    + conventions.USER
)
_ERRORS = frozenset({"error.type", "error.message"})
_JUDGED = frozenset(conventions.EVALUATION_NAME + conventions.EVALUATION_LISTS)


class Names:
    """The names a set of attributes has, in the order in which each list of ``conventions`` has them.

    Attributes:
        telling: Whether one of them tells of the run.
        noting: Whether one of them is metadata that tells of the run.
        errors: Whether one of them tells of an error.
        judged: Whether one of them is a judgement's.
        numbered_input, numbered_output: Whether messages are flattened into some of them.
    """

    __slots__ = (
        "arguments", "cache_read", "cache_write", "call_id", "cost", "cost_parts", "errors", "fresh_tokens_in",
        "input_messages", "judged", "model", "noting", "numbered_input", "numbered_output", "output_messages",
        "reasoning", "reply_calls", "reply_raw", "reply_reasoning", "reply_text", "result", "run_input", "run_output",
        "status", "telling", "tokens_in", "tokens_out", "tool_name",
    )  # fmt: skip

    def __init__(self, keys: Collection[str]) -> None:
        there = frozenset(keys)

        def of(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple([name for name in names if name in there])

        self.telling = not there.isdisjoint(_TELLING)
        self.noting = not there.isdisjoint(_NOTED)
        self.errors = not there.isdisjoint(_ERRORS)
        self.judged = not there.isdisjoint(_JUDGED)
        self.numbered_input = any(key.startswith(conventions.NUMBERED_INPUT) for key in keys)
        self.numbered_output = any(key.startswith(conventions.NUMBERED_OUTPUT) for key in keys)
        self.status = of(conventions.STATED_STATUS)
        self.model = of(conventions.MODEL)
        self.tokens_in = of(conventions.TOKENS_IN)
        self.fresh_tokens_in = of(conventions.FRESH_TOKENS_IN)
        self.tokens_out = of(conventions.TOKENS_OUT)
        self.cache_read = of(conventions.TOKENS_CACHE_READ)
        self.cache_write = of(conventions.TOKENS_CACHE_WRITE)
        self.cost = of(conventions.COST)
        self.cost_parts = tuple([parts for names in conventions.COST_PARTS if (parts := of(names))])
        self.tool_name = of(conventions.TOOL_NAME)
        self.call_id = of(conventions.TOOL_CALL_ID)
        self.arguments = of(conventions.TOOL_ARGUMENTS)
        self.result = of(conventions.TOOL_RESULT)
        self.reasoning = of(conventions.REASONING)
        self.input_messages = of(conventions.INPUT_MESSAGES)
        self.output_messages = of(conventions.OUTPUT_MESSAGES)
        self.reply_text = of(conventions.REPLY_TEXT)
        self.reply_reasoning = of(conventions.REPLY_REASONING)
        self.reply_calls = of(conventions.REPLY_CALLS)
        self.reply_raw = of(conventions.REPLY_RAW)
        self.run_input = of(conventions.RUN_INPUT)
        self.run_output = of(conventions.RUN_OUTPUT)


_known: dict[tuple[str, ...], Names] = {}


def names_of(attributes: Mapping[str, Any]) -> Names:
    """Which names ``attributes`` have."""
    keys = tuple(attributes)
    found = _known.get(keys)
    if found is None and len(keys) > _MANY:
        # Messages flattened into keys: no two spans have the same.
        return Names(keys)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[keys] = Names(keys)
    return found
