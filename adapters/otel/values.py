"""Values inside values: attributes hold JSON in text, Python literals in JSON, messages in tool results."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_count, as_list, as_number, as_object, as_text
from soma.text import clip

_LITERAL_LIMIT = 64 * 1024
_WRAPPERS = 8


class Result(msgspec.Struct, gc=False):
    """What a tool answered: text, whether it says that it failed, and which call it answers."""

    text: str | None
    failed: bool = False
    call_id: str | None = None

    def __post_init__(self) -> None:
        # The spans of a trace are held until all of it is there.
        if self.text is not None:
            self.text = clip(self.text)


def parsed(value: Any) -> Any:
    """The JSON a text holds; other values, and text that is no JSON object or array, as they are."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return codec.decode(value)
    except codec.Undecodable:
        return value


def text_of(value: Any) -> str | None:
    """``value`` as text: strings as they are, nothing as ``None``, the rest as JSON."""
    if value is None or isinstance(value, str):
        return value or None
    try:
        return codec.encode(value)
    except (RecursionError, OverflowError, ValueError, TypeError, msgspec.MsgspecError):
        return None


def count(value: Any) -> int | None:
    """A number of things, also written in digits; ``None`` for what is none."""
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        return None
    return as_count(value)


def amount(value: Any) -> float | None:
    """A finite number; ``None`` for what is none, or is larger than a float can be."""
    try:
        return as_number(value)
    except OverflowError:
        return None


def flattened(content: Any) -> str | None:
    """The text of message content: a string, or blocks of which only the text is kept; images are ``[image]``."""
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return text_of(content)
    texts = [text for item in content if (text := _block_text(item))]
    return "\n".join(texts) or None


def _block_text(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    block = as_object(item)
    kind = as_text(block.get("type")) or "text"
    if "image" in kind:
        return "[image]"
    return as_text(block.get("text")) or as_text(block.get("content")) or as_text(block.get("value"))


def arguments_of(value: Any) -> Any:
    """What a tool was called with: an object where there is one, else the text as written.

    Instrumentations wrap the call: LangChain's callback writes ``{"input_str": ..., "inputs": {...}}`` with tags and
    metadata beside it, decorators write ``{"args": [...], "kwargs": {...}}``.
    """
    found = parsed(value)
    if not isinstance(found, dict):
        return text_of(value)
    if "input_str" in found:
        inputs = found.get("inputs")
        return inputs if isinstance(inputs, dict) and inputs else _literal(found["input_str"])
    keywords = found.get("kwargs")
    if isinstance(keywords, dict) and set(found) <= {"args", "kwargs"} and not found.get("args"):
        return keywords
    return found


def _literal(value: Any) -> Any:
    """The object a Python repr or JSON text stands for, else the text."""
    found = parsed(value)
    if not isinstance(found, str) or not found.startswith("{") or len(found) > _LITERAL_LIMIT:
        return found if isinstance(found, dict) else text_of(value)
    try:
        literal = ast.literal_eval(found)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return found
    return literal if isinstance(literal, dict) and all(isinstance(key, str) for key in literal) else found


def result_of(value: Any) -> Result:
    """What a tool answered, taken out of the messages and envelopes it was recorded in.

    A failure that the framework handled is told by the answer itself: ``"status": "error"`` of a tool message or an
    output object, ``isError`` of an MCP result.
    """
    found = parsed(value)
    if found is value and isinstance(value, str):
        return Result(value or None)
    written = text_of(value)
    unwrapped = False
    for _ in range(_WRAPPERS):
        inner = _inside(found)
        if inner is None:
            break
        found, unwrapped = inner, True
    if not isinstance(found, dict):
        return Result(text_of(found) if unwrapped else written)
    failed = says_failed(found)
    call_id = as_text(found.get("tool_call_id"))
    if "content" in found and (call_id or "type" in found or "isError" in found):
        return Result(flattened(found["content"]), failed, call_id)
    return Result(text_of(found) if unwrapped else written, failed, call_id)


def says_failed(value: Mapping[str, Any]) -> bool:
    """Whether an output object marks itself as an error."""
    status = value.get("status")
    stated = isinstance(status, str) and status.lower() == "error"
    return stated or value.get("isError") is True or value.get("is_error") is True


def _inside(value: Any) -> Any:
    """What an envelope holds, or ``None`` when the value is no envelope."""
    if isinstance(value, dict):
        if "lc" in value and isinstance(value.get("kwargs"), dict):
            return value["kwargs"]
        if "type" in value and isinstance(value.get("data"), dict):
            return value["data"]
        if "output" in value and set(value) <= {"output", "kwargs"}:
            return parsed(value["output"])
        if isinstance(value.get("update"), dict) and set(value) <= {"graph", "update", "resume", "goto"}:
            return value["update"]
        messages = value.get("messages")
        if isinstance(messages, list) and messages and len(value) == 1:
            return messages[-1]
    elif len(as_list(value)) == 1 and isinstance(value[0], dict) and "tool_call_id" in _unwrapped(value[0]):
        return value[0]
    return None


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    return as_object(value.get("kwargs")) or as_object(value.get("data")) or value
