"""Trajectory events name their schema in every line; telemetry is told by its event types and session keys."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

SCHEMA = "openclaw-trajectory"
TOOL_AND_AGENT = frozenset({"tool.start", "tool.end", "agent.start", "agent.end"})
_MESSAGES = frozenset({"message.in", "message.out", "message.sending"})
_EVENTS = "events.jsonl"


def sniff(head: Head) -> Match | None:
    """Claims event files; the documents beside an export's events are companions and copies."""
    records = head.records
    if not records:
        return None
    if any(is_trajectory_event(record) for record in records):
        exported = any(record.get("source") == "transcript" for record in records)
        return Match(confidence=1.0, variant="export" if exported else "sidecar", why=f"traceSchema {SCHEMA}")
    if any(is_telemetry_event(record) for record in records):
        return Match(confidence=1.0, variant="telemetry", why="tool and agent events with a sessionKey")
    if all(as_text(record.get("type")) in _MESSAGES and "channel" in record for record in records):
        return Match(confidence=0.5, variant="telemetry", why="message events with a channel")
    return _beside_events(records[0]) if _EVENTS in head.siblings else None


def is_trajectory_event(value: dict[str, Any]) -> bool:
    """Whether a record is an event of a sidecar or an export."""
    return value.get("traceSchema") == SCHEMA and isinstance(value.get("type"), str)


def is_telemetry_event(value: dict[str, Any]) -> bool:
    """Whether a record is an event of the telemetry plugin that belongs to a session."""
    return as_text(value.get("type")) in TOOL_AND_AGENT and isinstance(value.get("sessionKey"), str)


def _beside_events(document: dict[str, Any]) -> Match | None:
    if document.get("traceSchema") == SCHEMA:
        return Match(confidence=1.0, variant="export-index", why="summary of the events beside it", use="companion")
    header, entries = as_object(document.get("header")), as_list(document.get("entries"))
    if header.get("type") == "session" and entries:
        return Match(confidence=1.0, variant="export-branch", why="transcript entries that are in the events beside it",
                     use="copy")  # fmt: skip
    return None
