"""Recognises trace data by its content: the outermost keys of OTLP, the shape of spans, the bytes of protobuf."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .framing import framing_of
from .wire import holds_trace_data

_NAMES = {"bare": "one message", "varint": "messages framed by a varint", "uint32": "messages framed by four bytes"}


def sniff(head: Head) -> Match | None:
    """Claims OTLP in JSON or protobuf, any-agent traces and lists of dumped spans."""
    if not head.values:
        return _sniff_protobuf(head)
    for value in head.values:
        if holds_trace_data(value):
            return _match(value, head)
    return None


def _match(value: Any, head: Head) -> Match:
    if isinstance(value, dict) and ("resourceSpans" in value or "resource_spans" in value):
        variant = "otlp-jsonl" if head.lines else "otlp-json"
        return Match(confidence=1.0, variant=variant, why="resourceSpans")
    if isinstance(value, dict) and "final_output" in value:
        return Match(confidence=1.0, variant="any-agent", why="spans with trace context and final_output")
    confidence = 1.0 if _has_own_context(value) else 0.5
    return Match(confidence=confidence, variant="spans", why="spans with trace id, span id and attributes")


def _has_own_context(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    first = items[0] if items and isinstance(items[0], dict) else {}
    return "spanContext" in first or isinstance(first.get("context"), dict)


def _sniff_protobuf(head: Head) -> Match | None:
    framing = framing_of(head.data, head.complete)
    if framing is None:
        return None
    return Match(confidence=0.5, variant=f"otlp-proto-{framing}", why=f"OTLP protobuf, {_NAMES[framing]}")
