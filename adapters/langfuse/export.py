"""The parts of an export, whichever way they were exported: traces, observations and scores, told by their fields.

Downloads of the user interface wrap a trace (``{trace, observations}``), the API answers with the trace itself, pages
and sessions hold lists, and exports to blob storage write rows in snake case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from soma.adapters.blocks.document import as_list, as_text

Part: TypeAlias = tuple[Literal["trace", "observation", "score", "other"], dict[str, Any]]

_DEEPEST = 3


def parts_of(value: Any, depth: int = 0) -> Iterator[Part]:
    """Every trace, observation and score in a value; what is none of them as ``other``."""
    for entry in value if isinstance(value, list) else [value]:
        fields = camel(entry) if isinstance(entry, dict) else {}
        pages = [items for key in ("data", "traces") if isinstance(items := fields.get(key), list)]
        if isinstance(fields.get("trace"), dict):
            yield from _trace(camel(fields["trace"]), fields)
        elif pages and depth < _DEEPEST:
            for items in pages:
                yield from parts_of(items, depth + 1)
        elif as_text(fields.get("traceId")) is None and as_text(fields.get("id")) is not None:
            yield from _trace(fields, {})
        elif as_text(fields.get("traceId")) is None:
            yield "other", fields
        elif "startTime" in fields or "parentObservationId" in fields:
            yield "observation", fields
        else:
            yield ("score", fields) if "value" in fields else ("other", fields)


def _trace(trace: dict[str, Any], around: dict[str, Any]) -> Iterator[Part]:
    trace_id = as_text(trace.get("id"))
    if trace_id is None:
        yield "other", trace
        return
    yield "trace", trace
    for holder in (trace, around):
        for item in as_list(holder.get("observations")):
            # The pages of the API name a trace's observations without telling them.
            if isinstance(item, dict):
                yield "observation", {**camel(item), "traceId": trace_id}
        for item in as_list(holder.get("scores")):
            if isinstance(item, dict):
                yield "score", {**camel(item), "traceId": trace_id}


def camel(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with their names in camel case."""
    return {_camel(key) if "_" in key else key: value for key, value in fields.items()}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(part.capitalize() for part in others)
