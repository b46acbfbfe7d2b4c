"""Lines of OTLP/JSON as types: what a collector's file exporter writes, in the spelling of the specification.

A line in any other spelling (other names, plain values for wrapped ones, attributes as an object) does not fit and is
decoded as plain values, which ``wire`` reads. What both read is the same span.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from . import ids
from .times import instant_of
from .wire import WireEvent, WireSpan, any_value, is_client, spans_in, status_of, whole_number

_CLIENT = 3
# A second name for what has one already: which of them counts is for ``wire`` to say.
_Other: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)] | UnsetType


def _other(name: str) -> Any:
    return msgspec.field(default=UNSET, name=name)


class Value(msgspec.Struct, gc=False, rename="camel"):
    """An ``AnyValue``."""

    string_value: str | UnsetType = UNSET
    int_value: str | int | UnsetType = UNSET
    bool_value: Any = UNSET
    double_value: Any = UNSET
    bytes_value: Any = UNSET
    array_value: Any = UNSET
    kvlist_value: Any = UNSET
    other_string: _Other = _other("string_value")
    other_int: _Other = _other("int_value")
    other_bool: _Other = _other("bool_value")
    other_double: _Other = _other("double_value")
    other_bytes: _Other = _other("bytes_value")
    other_array: _Other = _other("array_value")
    other_table: _Other = _other("kvlist_value")


class Attribute(msgspec.Struct, gc=False):
    """An attribute of a span, an event or a resource."""

    key: str
    value: Value | None = None


Attributes: TypeAlias = list[Attribute] | None


class Event(msgspec.Struct, gc=False):
    """An event of a span."""

    name: str | None = None
    attributes: Attributes = None


class Status(msgspec.Struct, gc=False):
    """How a span ended."""

    code: int | str | None = None
    message: str | None = None
    description: _Other = UNSET
    other_code: _Other = _other("status_code")
    another_code: _Other = _other("statusCode")


class Span(msgspec.Struct, gc=False, rename="camel"):
    """A span."""

    trace_id: str
    span_id: str
    start_time_unix_nano: str
    parent_span_id: str | None = None
    name: str | None = None
    kind: int | str | None = None
    end_time_unix_nano: str | None = None
    attributes: Attributes = None
    status: Status | None = None
    events: list[Event] | None = None
    other_parent: _Other = _other("parent_span_id")
    parent_id: _Other = _other("parent_id")
    parent_camel: _Other = _other("parentId")
    parent: _Other = UNSET
    parent_context: _Other = _other("parentSpanContext")
    other_start: _Other = _other("start_time_unix_nano")
    start_time: _Other = UNSET
    start_snake: _Other = _other("start_time")
    other_end: _Other = _other("end_time_unix_nano")
    end_time: _Other = UNSET
    end_snake: _Other = _other("end_time")
    other_code: _Other = _other("status_code")
    another_code: _Other = _other("statusCode")
    status_message: _Other = _other("status_message")


class Scope(msgspec.Struct, gc=False):
    """The spans of one instrumentation."""

    spans: list[Span] | None = None


class Resource(msgspec.Struct, gc=False):
    """What the spans come from."""

    attributes: Attributes = None


class Group(msgspec.Struct, gc=False, rename="camel"):
    """The spans of one resource."""

    scope_spans: list[Scope]
    resource: Resource | None = None
    other_scopes: _Other = _other("scope_spans")
    library_spans: _Other = _other("instrumentationLibrarySpans")
    other_library_spans: _Other = _other("instrumentation_library_spans")


class Batch(msgspec.Struct, gc=False, rename="camel"):
    """One line: one request to export spans."""

    resource_spans: list[Group]


DECODER = msgspec.json.Decoder(Batch)
"""The typed decoder of lines; refuses every other spelling."""


def spans_of(value: Any) -> Iterator[WireSpan | None]:
    """The spans of one decoded record, a ``Batch`` or plain values; ``None`` for one without trace or span id."""
    if not isinstance(value, Batch):
        yield from spans_in(value)
        return
    written, trace = "", None
    for group in value.resource_spans:
        resource = _flat(group.resource.attributes) if group.resource is not None else {}
        for scope in group.scope_spans:
            for span in scope.spans or ():
                if span.trace_id != written:
                    # One text for all spans of a trace that follow each other: they are held together.
                    written = span.trace_id
                    trace = ids.trace_id(written)
                yield None if trace is None else _span(span, trace, resource)


def _span(span: Span, trace: str, resource: dict[str, Any]) -> WireSpan | None:
    own = ids.span_id(span.span_id)
    if own is None:
        return None
    parent = ids.span_id(span.parent_span_id) if span.parent_span_id else None
    status, kind, events = span.status, span.kind, span.events
    return WireSpan(
        trace_id=trace,
        span_id=own,
        parent_id=None if parent == own else parent,
        name=span.name or "",
        client=kind == _CLIENT if type(kind) is int else is_client(kind, _CLIENT),
        start=instant_of(span.start_time_unix_nano),
        end=instant_of(span.end_time_unix_nano),
        status=status_of(status.code) if status is not None and status.code is not None else "unset",
        message=(status.message or None) if status is not None else None,
        attributes=_flat(span.attributes),
        events=[WireEvent(event.name or "", _flat(event.attributes)) for event in events] if events else [],
        resource=resource,
    )


def _flat(attributes: Attributes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes or ():
        value = attribute.value
        if value is None:
            found[attribute.key] = None
        elif value.string_value is not UNSET:
            found[attribute.key] = value.string_value
        else:
            found[attribute.key] = _value(value)
    return found


def _value(value: Value) -> Any:
    number = value.int_value
    if number is not UNSET and value.bool_value is value.double_value is value.bytes_value is UNSET:
        return whole_number(number)
    written = zip(Value.__struct_encode_fields__, Value.__struct_fields__, strict=True)
    return any_value({name: given for name, field in written if (given := getattr(value, field)) is not UNSET})
