"""Recognises trajectories by their steps (or the messages of a bare history), and the reports of their evaluation."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_object
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

_STEP = {"action", "observation"}
_STEP_MARKS = {"thought", "response", "state", "execution_time"}
_REPORT_MARKS = {"patch_successfully_applied", "patch_exists", "patch_is_None", "tests_status"}


def sniff(head: Head) -> Match | None:
    """A match for a trajectory; a report is a companion of one."""
    document = as_object(head.document)
    step = _first(document.get("trajectory"))
    if step.keys() >= _STEP and step.keys() & _STEP_MARKS:
        return Match(confidence=1.0, variant="trajectory", why="steps of action, observation and thought")
    beside = {"history", "info"} <= document.keys()
    if beside and document.get("trajectory") == [] and "exit_status" in as_object(document["info"]):
        return Match(confidence=1.0, variant="trajectory", why="a trajectory without steps that has an exit status")
    message = _first(document.get("history"))
    if {"role", "content", "agent"} <= message.keys():
        sure = "message_type" in message or beside
        return Match(confidence=1.0 if sure else 0.5, variant="history", why="a history of messages of agents")
    if document and all(_is_report(value) for value in list(document.values())[:5]):
        return Match(confidence=1.0, variant="report", why="a report of which instances are resolved", use="companion")
    return None


def _first(items: Any) -> dict[str, Any]:
    return as_object(next(iter(as_list(items)), None))


def _is_report(value: Any) -> bool:
    fields = as_object(value)
    return isinstance(fields.get("resolved"), bool) and bool(fields.keys() & _REPORT_MARKS)
