"""Recognises traces whose spans hold their children in ``child_spans`` and their facts in ``span_attributes``."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_object
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

_MARKS = frozenset({"child_spans", "span_attributes"})


def sniff(head: Head) -> Match | None:
    """Claims a document (or lines) of nested spans."""
    for value in head.values:
        if is_nested_trace(value):
            return Match(confidence=1.0, variant="nested", why="spans with child_spans and span_attributes")
    return None


def is_nested_trace(value: Any) -> bool:
    """Whether a decoded value is such a trace; the head of a long file may cut its first span before the children."""
    return any(
        bool(_MARKS & span.keys()) and "span_id" in span
        for span in map(as_object, as_list(as_object(value).get("spans")))
    )
