"""Chat messages in the shape of the GenAI conventions, a role and typed parts, decoded as types.

Anything else, and any field beside these that would mean something, makes ``None`` of the whole: ``messages`` reads all
shapes there are. What both read is the same.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

_Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
# What makes a message or a part one of another shape.
_Other: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)] | UnsetType


class Said(msgspec.Struct, gc=False, tag_field="type", tag="text"):
    """Words."""

    content: str
    text: _Other = UNSET
    value: _Other = UNSET
    message_content: _Other = UNSET


class Asked(msgspec.Struct, gc=False, tag_field="type", tag="tool_call"):
    """A tool call the model asks for."""

    name: _Text
    arguments: dict[str, Any]
    id: _Text | None = None
    other_id: _Other = msgspec.field(default=UNSET, name="toolCallId")
    another_id: _Other = msgspec.field(default=UNSET, name="tool_call_id")
    call_id: _Other = UNSET
    function: _Other = UNSET
    message_content: _Other = UNSET


class Spoken(msgspec.Struct, gc=False):
    """A message."""

    role: _Text
    parts: list[Said | Asked]
    content: _Other = UNSET
    contents: _Other = UNSET
    reasoning_content: _Other = UNSET
    tool_calls: _Other = UNSET
    function_call: _Other = UNSET
    tool_call_id: _Other = UNSET
    status: _Other = UNSET
    is_error: _Other = UNSET
    is_error_mcp: _Other = msgspec.field(default=UNSET, name="isError")
    kwargs: _Other = UNSET
    data: _Other = UNSET
    message: _Other = UNSET
    tool: _Other = msgspec.field(default=UNSET, name="tool.name")


_MESSAGES = msgspec.json.Decoder(list[Spoken])


def spoken_in(value: Any) -> list[Spoken] | None:
    """The messages that a text holds as JSON, all in the usual shape."""
    if not isinstance(value, str) or value[:1] != "[":
        return None
    try:
        return _MESSAGES.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
