"""The spellings of a span: OTLP/JSON, protobuf turned into JSON, and what the SDKs of Python and JavaScript dump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text

from . import ids
from .times import instant_of

SpanStatus = Literal["ok", "error", "unset"]

_DEEPEST = 24
_OTLP_CLIENT = 3
_JAVASCRIPT_CLIENT = 2
_SCALARS = ("stringValue", "string_value", "boolValue", "bool_value", "doubleValue", "double_value", "bytesValue",
            "bytes_value")  # fmt: skip


class WireEvent(msgspec.Struct, gc=False):
    """A span event: its name and flat attributes."""

    name: str
    attributes: dict[str, Any]


class WireSpan(msgspec.Struct, kw_only=True, gc=False):
    """One span with plain values: ids in hex, times in epoch microseconds, attributes as a flat dictionary."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    client: bool
    start: int | None
    end: int | None
    status: SpanStatus
    message: str | None
    attributes: dict[str, Any]
    events: list[WireEvent]
    resource: dict[str, Any]


def spans_in(value: Any) -> Iterator[WireSpan | None]:
    """The spans of one decoded record, whichever spelling it has; ``None`` for one without trace or span id."""
    if isinstance(value, list):
        for item in value:
            yield from spans_in(item) if _holds_resources(item) else (_flat_span(item),)
    elif _holds_resources(value):
        for group in as_list(_either(value, "resourceSpans", "resource_spans")):
            yield from _otlp_group(as_object(group))
    elif isinstance(value, dict) and isinstance(value.get("spans"), list):
        for item in value["spans"]:
            yield _flat_span(item)
    elif looks_like_a_span(value):
        yield _flat_span(value)


def looks_like_a_span(value: Any) -> bool:
    """Whether an object is a span by itself, as SDKs dump them (the nested TRAIL form is another format)."""
    if not isinstance(value, dict) or "child_spans" in value or not isinstance(value.get("attributes"), dict | list):
        return False
    context = _context(value)
    has_trace = _either(context, "traceId", "trace_id") is not None
    return has_trace and _either(context, "spanId", "span_id") is not None


def holds_trace_data(value: Any) -> bool:
    """Whether a record has any of the spellings (even with no span in it)."""
    if isinstance(value, list):
        return any(looks_like_a_span(item) or _holds_resources(item) for item in value)
    if not isinstance(value, dict):
        return False
    spans = value.get("spans")
    return (
        _holds_resources(value)
        or (isinstance(spans, list) and any(looks_like_a_span(item) for item in spans))
        or looks_like_a_span(value)
    )


def _holds_resources(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(_either(value, "resourceSpans", "resource_spans"), list)


def _either(value: dict[str, Any], camel: str, snake: str) -> Any:
    found = value.get(camel)
    return value.get(snake) if found is None else found


def _otlp_group(group: dict[str, Any]) -> Iterator[WireSpan | None]:
    resource = flat_attributes(as_object(group.get("resource")).get("attributes"))
    scopes = _either(group, "scopeSpans", "scope_spans") or _either(
        group, "instrumentationLibrarySpans", "instrumentation_library_spans"
    )
    for scope in as_list(scopes):
        for span in as_list(as_object(scope).get("spans")):
            yield _span(span, span, resource, _OTLP_CLIENT) if isinstance(span, dict) else None


def _flat_span(value: Any) -> WireSpan | None:
    if not isinstance(value, dict):
        return None
    resource = as_object(value.get("resource"))
    attributes = flat_attributes(resource.get("attributes") or resource.get("_rawAttributes"))
    # JavaScript numbers the kinds from zero, the wire format and Python's text do not.
    client = _JAVASCRIPT_CLIENT if "spanContext" in value else _OTLP_CLIENT
    return _span(value, _context(value), attributes, client)


def _context(value: dict[str, Any]) -> dict[str, Any]:
    return as_object(value.get("spanContext")) or as_object(value.get("context")) or value


def _span(
    value: dict[str, Any], context: dict[str, Any], resource: dict[str, Any], client_kind: int
) -> WireSpan | None:
    trace = ids.trace_id(_either(context, "traceId", "trace_id"))
    span = ids.span_id(_either(context, "spanId", "span_id"))
    if trace is None or span is None:
        return None
    status, message = _status(value)
    parent = _parent(value)
    return WireSpan(
        trace_id=trace,
        span_id=span,
        parent_id=None if parent == span else parent,
        name=as_text(value.get("name")) or "",
        client=is_client(value.get("kind"), client_kind),
        start=_instant(value, "startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time"),
        end=_instant(value, "endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time"),
        status=status,
        message=message,
        attributes=flat_attributes(value.get("attributes")),
        events=[
            WireEvent(as_text(event.get("name")) or "", flat_attributes(event.get("attributes")))
            for event in as_list(value.get("events"))
            if isinstance(event, dict)
        ],
        resource=resource,
    )


def _parent(value: dict[str, Any]) -> str | None:
    for name in ("parentSpanId", "parent_span_id", "parent_id", "parentId", "parent", "parentSpanContext"):
        parent = value.get(name)
        if isinstance(parent, dict):
            parent = _either(parent, "spanId", "span_id")
        if (found := ids.span_id(parent)) is not None:
            return found
    return None


def is_client(kind: Any, client_kind: int) -> bool:
    """Whether a span's kind says CLIENT, which has the number ``client_kind``."""
    if isinstance(kind, str):
        return kind == str(client_kind) or kind.upper().endswith("CLIENT")
    return isinstance(kind, int) and kind == client_kind


def _instant(value: dict[str, Any], *names: str) -> int | None:
    for name in names:
        if (time := value.get(name)) is not None and (found := instant_of(time)) is not None:
            return found
    return None


def _status(value: dict[str, Any]) -> tuple[SpanStatus, str | None]:
    status = value.get("status")
    fields = status if isinstance(status, dict) else value
    code = _either(fields, "code", "status_code") if isinstance(status, dict) else status
    if code is None:
        code = _either(fields, "statusCode", "status_code")
    message = as_text(fields.get("message")) or as_text(fields.get("description")) if isinstance(status, dict) else None
    return status_of(code), message or as_text(value.get("status_message"))


def status_of(code: Any) -> SpanStatus:
    """The status that a code stands for, a number or a name."""
    if code is None:
        return "unset"
    text = str(code).upper().removeprefix("STATUS_CODE_").removeprefix("STATUSCODE.")
    if text in ("2", "ERROR"):
        return "error"
    return "ok" if text in ("1", "OK") else "unset"


def flat_attributes(value: Any) -> dict[str, Any]:
    """Attributes as a dictionary of plain values: from OTLP's list of keys and wrapped values, pairs, or an object."""
    if isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for item in as_list(value):
        if isinstance(item, dict) and isinstance(key := item.get("key"), str):
            inner = item.get("value")
            # Most are texts, and what is asked for first.
            if isinstance(inner, dict) and "stringValue" in inner:
                found[key] = inner["stringValue"]
            else:
                found[key] = any_value(inner)
        elif isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
            found[item[0]] = item[1]
    return found


def any_value(value: Any, depth: int = 0) -> Any:
    """An OTLP ``AnyValue`` as the plain value it wraps; what nests too deeply is ``None``."""
    if not isinstance(value, dict):
        return value
    for name in _SCALARS:
        if name in value:
            return value[name]
    whole = _either(value, "intValue", "int_value")
    if whole is not None:
        return whole_number(whole)
    if depth >= _DEEPEST:
        return None
    array = _either(value, "arrayValue", "array_value")
    if array is not None:
        return [any_value(item, depth + 1) for item in as_list(as_object(array).get("values"))]
    table = _either(value, "kvlistValue", "kvlist_value")
    if table is not None:
        return {
            item["key"]: any_value(item.get("value"), depth + 1)
            for item in as_list(as_object(table).get("values"))
            if isinstance(item, dict) and isinstance(item.get("key"), str)
        }
    return None


def whole_number(value: Any) -> Any:
    """An ``intValue``, which the specification writes as text; what is no number stays as it is."""
    if isinstance(value, str) and len(value) <= 20 and value.removeprefix("-").isdecimal():
        return int(value)
    return value
