"""Recognises exported traces by the ``object`` each item names."""

from __future__ import annotations

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .spans import items_of

_LOOKED_AT = 20


def sniff(head: Head) -> Match | None:
    """Claims files whose first values hold a ``trace`` with a workflow or a ``trace.span`` with span data."""
    for value in head.values[:_LOOKED_AT]:
        for item in items_of(value)[:_LOOKED_AT]:
            kind = item.get("object")
            if (kind == "trace" and "workflow_name" in item) or (kind == "trace.span" and "span_data" in item):
                batch = isinstance(value, dict) and "data" in value
                return Match(confidence=1.0, variant="batches" if batch else "items", why=f"an object {kind!r}")
    return None
