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


class Message(msgspec.Struct, gc=False, rename="camel"):
    """A message of OpenClaw or Claude Code."""

    role: str | None = None
    content: str | list[Block] | None = None
    model: str | None = None
    tool_call_id: str | None = None
    tool_name: str | None = None
    is_error: bool | None = None
    stop_reason: str | None = None
    usage: Raw = Raw()
    details: Raw = Raw()
    timestamp: int | None = None


class Entry(msgspec.Struct, gc=False, rename="camel"):
    """A line of OpenClaw or Claude Code."""

    type: str | None = None
    id: str | None = None
    parent_id: str | None = None
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


class Value(msgspec.Struct, gc=False, rename="camel"):
    """A value of an attribute."""

    string_value: str | None = None
    int_value: str | int | None = None


class Attribute(msgspec.Struct, gc=False):
    """An attribute of a span."""

    key: str
    value: Value


class Span(msgspec.Struct, gc=False, rename="camel"):
    """A span."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    start_time_unix_nano: str
    end_time_unix_nano: str
    attributes: list[Attribute]
    status: Raw = Raw()


class Scope(msgspec.Struct, gc=False):
    """The spans of one instrumentation."""

    spans: list[Span]


class Group(msgspec.Struct, gc=False, rename="camel"):
    """The spans of one resource."""

    scope_spans: list[Scope]


class Batch(msgspec.Struct, gc=False, rename="camel"):
    """A line of OTLP/JSON."""

    resource_spans: list[Group]


DECODERS: dict[str, msgspec.json.Decoder[object]] = {
    form: msgspec.json.Decoder(kind)
    for form, kind in {"openclaw": Entry, "claude-code": Entry, "langsmith": Run, "otlp": Batch}.items()
}
