"""Nested spans as flat ones, in the spelling the OpenTelemetry SDK dumps and ``soma.adapters.otel`` reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_list, as_object, as_text

_DURATION = re.compile(
    r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})(?:\.(\d{1,9}))?S)?)?", re.IGNORECASE
)
_TASK_KEYS = ("instance_id", "task_id")


def flat_spans(trace: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The spans of a trace, parents before children, each once per record of it."""
    waiting = [(span, trace.get("trace_id"), None) for span in reversed(as_list(trace.get("spans")))]
    while waiting:
        span, trace_id, parent = waiting.pop()
        if not isinstance(span, dict):
            continue
        trace_id = span.get("trace_id") or trace_id
        yield _flat(span, trace_id, span.get("parent_span_id") or parent)
        waiting += [(child, trace_id, span.get("span_id")) for child in reversed(as_list(span.get("child_spans")))]


def _flat(span: dict[str, Any], trace_id: Any, parent: Any) -> dict[str, Any]:
    attributes = dict(as_object(span.get("span_attributes")))
    name = as_text(span.get("span_name")) or ""
    if app := as_text(attributes.get("pat.app")):
        # Patronus' name of the application; the service is that of the machine.
        attributes.setdefault("agent", app)
    if attributes.get("openinference.span.kind") == "AGENT":
        attributes.setdefault("agent.name", name.removesuffix(".run"))
    if task := _task(span):
        attributes.setdefault("task_id", task)
    start = clock.instant(span.get("timestamp"))
    lasted = microseconds(span.get("duration"))
    return {
        "context": {"trace_id": trace_id, "span_id": span.get("span_id")},
        "parent_id": parent,
        "name": name,
        "kind": span.get("span_kind"),
        "start_time": start,
        "end_time": start + lasted if start is not None and lasted is not None else None,
        "status": {"status_code": span.get("status_code"), "description": span.get("status_message")},
        "attributes": attributes,
        "events": [
            {
                "name": event.get("Name", event.get("name")),
                "attributes": as_object(event.get("Attributes", event.get("attributes"))),
            }
            for event in map(as_object, as_list(span.get("events")))
        ],
        "resource": {"attributes": as_object(span.get("resource_attributes"))},
    }


def microseconds(duration: Any) -> int | None:
    """An ISO 8601 duration of days to seconds (``PT1M48.75533S``) in microseconds; ``None`` for anything else."""
    if not isinstance(duration, str) or (found := _DURATION.fullmatch(duration)) is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    fraction = int((found.group(5) or "").ljust(6, "0")[:6])
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction


def _task(span: dict[str, Any]) -> str | None:
    """The example of a data set that a decorated function was called with, as Patronus logs it beside the span."""
    for log in map(as_object, as_list(span.get("logs"))):
        arguments = as_object(as_object(log.get("body")).get("function.arguments"))
        for item in (arguments, *map(as_object, arguments.values())):
            for key in _TASK_KEYS:
                if name := as_text(item.get(key)):
                    return name
    return None
