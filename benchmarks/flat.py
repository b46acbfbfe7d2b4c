"""The lines of four formats as flat structs: what a decoder reads that does nothing but decode.

Only the fields that a decision needs; objects of any shape (arguments, inputs) stay bytes.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw


class Block(msgspec.Struct, gc=False):
    """A part of a message of OpenClaw or Claude Code."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    arguments: Raw = Raw()
    input: Raw = Raw()
    tool_use_id: str | None = None
    content: str | None = None
    is_error: bool | None = None


class Message(msgspec.Struct, gc=False):
    """A message of OpenClaw or Claude Code."""

    role: str | None = None
    content: str | list[Block] | None = None
    model: str | None = None
    toolCallId: str | None = None
    toolName: str | None = None
    isError: bool | None = None
    stopReason: str | None = None
    usage: Raw = Raw()
    details: Raw = Raw()
    timestamp: int | None = None


class Entry(msgspec.Struct, gc=False):
    """A line of OpenClaw or Claude Code."""

    type: str | None = None
    id: str | None = None
    parentId: str | None = None
    uuid: str | None = None
    timestamp: str | None = None
    message: Message | None = None


class Run(msgspec.Struct, gc=False):
    """A run of LangSmith."""

    id: str | None = None
    run_type: str | None = None
    name: str | None = None
    parent_run_id: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    status: str | None = None
    inputs: Raw = Raw()
    outputs: Raw = Raw()
    extra: Raw = Raw()


class Value(msgspec.Struct, gc=False):
    """A value of an attribute."""

    stringValue: str | None = None
    intValue: str | int | None = None


class Attribute(msgspec.Struct, gc=False):
    """An attribute of a span."""

    key: str
    value: Value


class Span(msgspec.Struct, gc=False):
    """A span."""

    traceId: str
    spanId: str
    parentSpanId: str
    name: str
    startTimeUnixNano: str
    endTimeUnixNano: str
    attributes: list[Attribute]
    status: Raw = Raw()


class Scope(msgspec.Struct, gc=False):
    """The spans of one instrumentation."""

    spans: list[Span]


class Group(msgspec.Struct, gc=False):
    """The spans of one resource."""

    scopeSpans: list[Scope]


class Batch(msgspec.Struct, gc=False):
    """A line of OTLP/JSON."""

    resourceSpans: list[Group]


DECODERS: dict[str, msgspec.json.Decoder[object]] = {
    form: msgspec.json.Decoder(kind)
    for form, kind in {"openclaw": Entry, "claude-code": Entry, "langsmith": Run, "otlp": Batch}.items()
}
