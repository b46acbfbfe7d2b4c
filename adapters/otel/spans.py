"""What is kept of a span: the few facts its role makes worth keeping, so that a trace fits in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from .conventions import SpanRole
from .evaluations import Evaluation
from .messages import Call
from .values import Result
from .wire import SpanStatus


class ModelCall(msgspec.Struct, kw_only=True, gc=False):
    """What one call of a model said, asked for and cost.

    Attributes:
        text: What it said, reasoning first.
        calls: The tool calls it asked for.
        before: What the assistant message before this call said and asked for: instrumentations that do not record
            outputs still record them here, one call later.
        answered: Tool results the model was given after that message.
    """

    text: str | None
    calls: list[Call]
    before_text: str | None
    before_calls: list[Call]
    answered: list[Result]
    model: str | None
    tokens_in: int | None
    tokens_out: int | None
    cache_read: int | None
    cache_write: int | None
    cost: float | None


class ToolCall(msgspec.Struct, kw_only=True, gc=False):
    """What was called, with what, and what came back."""

    name: str
    call_id: str | None
    arguments: Any
    result: Result
    reasoning: str | None


class Facts(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """What a span says about the run it belongs to."""

    named_agent: str | None = None
    agent: str | None = None
    graph: str | None = None
    workflow: str | None = None
    model: str | None = None
    task: str | None = None
    example: str | None = None
    session: str | None = None
    user: str | None = None
    service: str | None = None
    instance: str | None = None
    environment: str | None = None


class Span(msgspec.Struct, kw_only=True, gc=False):
    """One span, reduced.

    Attributes:
        error: What went wrong, as text, when the span says that something did.
        error_type: Class of the error, as ``error.type`` or the exception event name it.
        weight: How many attributes and events it had: of two records of one span, the fuller one is kept.
        asked: The request in its recorded input (agents and roots only).
        http_status: Status code of a CLIENT span's response.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    role: SpanRole
    client: bool
    start: int | None
    end: int | None
    status: SpanStatus
    error: str | None
    error_type: str | None
    facts: Facts
    weight: int
    source_id: str
    offset: int
    length: int
    asked: str | None = None
    model_call: ModelCall | None = None
    tool_call: ToolCall | None = None
    http_status: int | None = None
    evaluations: Sequence[Evaluation] = ()

    @property
    def place(self) -> tuple[str, int]:
        """Where it was read, to order copies the same way always."""
        return self.source_id, self.offset
