"""Recognises run trees: rows with a ``run_type``, nested runs, or parts of an ingest request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma.adapters.blocks.document import as_list, as_object
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

RUN_TYPES = frozenset({"chain", "llm", "tool", "retriever", "prompt", "parser", "embedding"})
_PLACES = ("dotted_order", "child_runs", "trace_id", "parent_run_id")
_LOOKED_AT = 20


def sniff(head: Head) -> Match | None:
    """A match if one of the first values is a run, a part of an ingest request, or a batch of runs."""
    found: Match | None = None
    for variant, value in _candidates(head):
        match = _match(variant, value)
        if match is not None and (found is None or match.confidence > found.confidence):
            found = match
    return found


def _candidates(head: Head) -> Iterator[tuple[str, dict[str, Any]]]:
    for value in head.values[:_LOOKED_AT]:
        items = value[:_LOOKED_AT] if isinstance(value, list) else [value]
        for item in items:
            if not isinstance(item, dict):
                continue
            yield "flat", item
            for key in ("runs", "post", "patch"):
                for run in as_list(item.get(key))[:_LOOKED_AT]:
                    yield ("flat" if key == "runs" else "ingest"), as_object(run)
            if head.document is not None and "run_type" not in item:
                for run in list(item.values())[:_LOOKED_AT]:
                    yield "flat", as_object(run)


def _match(variant: str, value: dict[str, Any]) -> Match | None:
    part = value.get("part")
    if isinstance(part, str) and part.startswith(("post.", "patch.")) and "value" in value:
        return Match(confidence=1.0, variant="ingest", why=f"a part of a LangSmith ingest request ({part[:5]}...)")
    run_type = value.get("run_type")
    if not isinstance(run_type, str) or run_type not in RUN_TYPES or "id" not in value:
        return None
    place = next((name for name in _PLACES if name in value), None)
    if isinstance(value.get("child_runs"), list) and variant == "flat":
        variant = "nested"
    if place is not None:
        return Match(confidence=1.0, variant=variant, why=f"a run with run_type {run_type} and {place}")
    if "start_time" in value:
        return Match(confidence=0.5, variant=variant, why=f"an object with run_type {run_type} and a start_time")
    return None
