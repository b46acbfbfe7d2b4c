"""Recognises exports by their observations: a trace with a list of them, or rows that name their trace and type."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_object
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .export import camel

TYPES = frozenset({
    "GENERATION", "SPAN", "EVENT", "TOOL", "AGENT", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL",
})  # fmt: skip
_OWN_MARKS = ("parentObservationId", "level", "usageDetails", "completionStartTime")
_TRACE_MARKS = ("sessionId", "userId", "projectId", "timestamp")
_LOOKED_AT = 10


def sniff(head: Head) -> Match | None:
    """Claims traces with observations, and lists or lines of observations or traces."""
    for value in head.values[:_LOOKED_AT]:
        page = as_list(as_object(value).get("data")) or as_list(as_object(value).get("traces"))
        entries = page or (value if isinstance(value, list) else [value])
        for entry in entries[:_LOOKED_AT]:
            if isinstance(entry, dict) and (match := _match(camel(entry))) is not None:
                return match
    return None


def _match(fields: dict[str, Any]) -> Match | None:
    if _is_observation(fields) and "traceId" in fields:
        return Match(confidence=1.0, variant="observations", why=f"an observation of type {fields['type']}")
    observations = fields.get("observations")
    if not isinstance(observations, list):
        return None
    trace = as_object(fields.get("trace")) or fields
    if "id" in trace and any(_is_observation(camel(as_object(item))) for item in observations[:_LOOKED_AT]):
        return Match(confidence=1.0, variant="trace", why="a trace with observations")
    if all(mark in trace for mark in _TRACE_MARKS) and all(isinstance(item, str | dict) for item in observations):
        return Match(confidence=0.5, variant="trace", why="a trace with sessionId, userId and observations")
    return None


def _is_observation(fields: dict[str, Any]) -> bool:
    kind = fields.get("type")
    marked = any(mark in fields for mark in _OWN_MARKS)
    return isinstance(kind, str) and kind in TYPES and "startTime" in fields and marked
