"""Exported items as they are needed here: what a span is, how it ended, what a model said and spent."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.adapters.generic.messages import Said, flat, json_text, parsed, said
from soma.adapters.generic.usage import Tokens, tokens_of
from soma.source import Record
from soma.text import clip

MODEL_KINDS = ("generation", "response")
CALL_KINDS = ("function", "handoff")


class Model(msgspec.Struct):
    """A model call.

    Attributes:
        name: Of the model; ``response`` spans do not tell it.
        said: Its words, thoughts included; ``None`` when it only called.
        asked: What the user said first, in what the model was given.
    """

    name: str | None
    said: str | None
    asked: str | None
    tokens: Tokens


class Span(msgspec.Struct):
    """One span, reduced.

    Attributes:
        kind: ``agent``, ``function``, ``handoff``, ``generation``, ``response``, ``custom``...
        name: Of the agent or tool; for a handoff the agent that takes over, empty when nobody did.
        error: Message of the span's error with the detail beside it.
    """

    span_id: str
    trace_id: str
    parent_id: str | None
    kind: str
    name: str
    started_at: int | None
    ended_at: int | None
    error: str | None
    arguments: Any
    output: str | None
    model: Model | None
    source_id: str
    offset: int
    length: int

    @property
    def place(self) -> tuple[int, str]:
        """Sort key: the order in which spans began."""
        return (self.started_at or self.ended_at or 0, self.span_id)


class Header(msgspec.Struct):
    """What the trace record itself says, and where it lies."""

    workflow: str | None
    group: str | None
    metadata: dict[str, Any]
    source_id: str
    offset: int
    length: int


def items_of(value: Any) -> list[dict[str, Any]]:
    """The exported items in a value: itself, those of a batch, or those of a list of either."""
    found: list[dict[str, Any]] = []
    for entry in value if isinstance(value, list) else [value]:
        batch = entry.get("data") if isinstance(entry, dict) else None
        found.extend(item for item in (batch if isinstance(batch, list) else [entry]) if isinstance(item, dict))
    return found


def span_of(item: dict[str, Any], record: Record) -> Span | None:
    """A span, reduced; ``None`` when it lacks the ids that place it."""
    span_id, trace_id = as_text(item.get("id")), as_text(item.get("trace_id"))
    if span_id is None or trace_id is None:
        return None
    data = as_object(item.get("span_data"))
    kind = as_text(data.get("type")) or ""
    name = as_text(data.get("to_agent" if kind == "handoff" else "name")) or ""
    arguments, output = parsed(data.get("input")), flat(data.get("output"))
    return Span(
        span_id=span_id,
        trace_id=trace_id,
        parent_id=as_text(item.get("parent_id")),
        kind=kind,
        name=name,
        started_at=clock.instant(item.get("started_at")),
        ended_at=clock.instant(item.get("ended_at")),
        error=_error(item.get("error")),
        arguments=(clip(arguments) if isinstance(arguments, str) else arguments) if kind == "function" else None,
        output=clip(output) if kind == "function" and output else None,
        model=_model(data) if kind in MODEL_KINDS else None,
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def header_of(item: dict[str, Any], record: Record) -> Header:
    """The trace record, reduced."""
    return Header(
        as_text(item.get("workflow_name")),
        as_text(item.get("group_id")),
        as_object(item.get("metadata")),
        record.source.source_id,
        record.offset,
        record.length,
    )


def _error(error: Any) -> str | None:
    if not isinstance(error, dict):
        return as_text(error)
    data = error.get("data")
    detail = as_text(as_object(data).get("error")) or (json_text(data) if data else None)
    return ": ".join(text for text in (as_text(error.get("message")), detail) if text) or "error"


def _model(data: dict[str, Any]) -> Model:
    # The SDK leaves the response itself out; processors of one's own write it, and what the model was given.
    response = as_object(data.get("response")) or as_object(data.get("_response"))
    answers = _messages(data.get("output") or response.get("output"))
    given = data.get("input") or data.get("_input")
    asked = as_text(given) or next((m.text for m in _messages(given) if m.role == "user" and m.text), None)
    words = [text for message in answers for text in (message.thinking, message.text) if text]
    return Model(
        name=as_text(data.get("model")) or as_text(response.get("model")),
        said="\n".join(words) or None,
        asked=clip(asked) if asked else None,
        tokens=tokens_of(as_object(data.get("usage")) or as_object(response.get("usage"))),
    )


def _messages(value: Any) -> list[Said]:
    return [message for item in as_list(value) if (message := said(item)) is not None]
