"""Spans as they come to spans as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soma.adapters.blocks.document import as_object, as_text
from soma.source import Record

from . import conventions, messages
from .conventions import first, names_its_work, role_of
from .evaluations import evaluations_in
from .facts import facts_of, facts_of_resource, model_of
from .names import Names, names_of
from .spans import Facts, ModelCall, Span, ToolCall
from .values import Result, amount, arguments_of, count, parsed, result_of, text_of
from .wire import SpanStatus, WireSpan

_TEXT_LIMIT = 64 * 1024
_CLIENT_ATTRIBUTES = 32
_CLIENT_TEXT = 512
_TRACEBACK = "Traceback (most recent call last)"


class Reducer:
    """Reduces spans; what they say of their resource is found out once for all that share it."""

    def __init__(self) -> None:
        self._resource: Mapping[str, Any] = {}
        self._facts = facts_of_resource(self._resource)

    def reduced(self, span: WireSpan, record: Record) -> Span:
        """The span as it is kept."""
        attributes, events = span.attributes, span.events
        names = names_of(attributes)
        role = role_of(attributes, span.name)
        if span.resource is not self._resource:
            self._resource, self._facts = span.resource, facts_of_resource(span.resource)
        found = Span(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_id=span.parent_id,
            name=span.name,
            role=role,
            client=span.client and role == "other" and not names_its_work(attributes),
            start=span.start,
            end=span.end,
            status=_stated(span) if names.status else span.status,
            error=None,
            error_type=None,
            facts=facts_of(attributes, names, self._facts, role, span.name),
            weight=len(attributes) + len(events),
            source_id=record.source.source_id,
            offset=record.offset,
            length=record.length,
        )
        if events or names.errors or span.status == "error":
            found.error_type, found.error = _error(span)
        if events or names.judged or role == "evaluator":
            found.evaluations = evaluations_in(span, role)
        if role == "llm":
            given = messages.input_messages(attributes, events, names)
            found.model_call = _model_call(span, given, names)
            found.asked = _bounded(messages.user_text(given))
        elif role == "tool":
            found.tool_call = _tool_call(span, names)
        elif found.client:
            found.tool_call = _client_call(span, names)
            found.http_status = count(first(attributes, ("http.response.status_code", "http.status_code")))
        if role == "agent" or (span.parent_id is None and role in ("chain", "other")):
            found.asked = _bounded(messages.request_in(first(attributes, names.run_input)))
        if role == "agent":
            found.tool_call = _agent_call(span, found.facts, names)
        return found


def _bounded(text: str | None) -> str | None:
    return None if text is None else text[:_TEXT_LIMIT]


def _stated(span: WireSpan) -> SpanStatus:
    if span.status == "unset" and as_text(first(span.attributes, conventions.STATED_STATUS)) == "success":
        return "ok"
    return span.status


def _error(span: WireSpan) -> tuple[str | None, str | None]:
    """Type and text of what went wrong; the exception event says it without the traceback, so it comes first."""
    kind = as_text(span.attributes.get("error.type"))
    text = None
    for event in span.events:
        if event.name == "exception":
            kind = as_text(event.attributes.get("exception.type")) or kind
            message = as_text(event.attributes.get("exception.message"))
            text = f"{kind}: {message}" if kind and message else message or kind or "exception"
    if text is None and span.status == "error":
        message = _without_traceback(span.message) or as_text(span.attributes.get("error.message"))
        text = message or kind or "error"
    return kind, _bounded(text or kind)


def _without_traceback(message: str | None) -> str | None:
    if message is None or _TRACEBACK not in message:
        return message
    before = message.partition(_TRACEBACK)[0].strip()
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith((" ", "During task with"))]
    return before or (lines[-1] if lines else message)


def _model_call(span: WireSpan, given: list[messages.Message], names: Names) -> ModelCall:
    attributes = span.attributes
    said = messages.output_messages(attributes, span.events, names)
    last = max((index for index, message in enumerate(given) if message.role == "assistant"), default=None)
    before = [] if last is None else [given[last]]
    read = count(first(attributes, names.cache_read)) if names.cache_read else None
    write = count(first(attributes, names.cache_write)) if names.cache_write else None
    return ModelCall(
        text=messages.spoken(said),
        calls=[call for message in said for call in message.calls],
        before_text=messages.spoken(before),
        before_calls=[call for message in before for call in message.calls],
        answered=[] if last is None else [result for message in given[last + 1 :] for result in message.results],
        model=model_of(attributes, names),
        tokens_in=_fresh_tokens(attributes, names, read, write),
        tokens_out=count(first(attributes, names.tokens_out)),
        cache_read=read,
        cache_write=write,
        cost=_cost(attributes, names) if names.cost or names.cost_parts else None,
    )


def _fresh_tokens(attributes: Mapping[str, Any], names: Names, read: int | None, write: int | None) -> int | None:
    """Input tokens without cached ones, which all conventions count in; some SDKs write them apart already."""
    total = count(first(attributes, names.tokens_in))
    if total is None:
        return count(first(attributes, names.fresh_tokens_in))
    fresh = total - (read or 0) - (write or 0)
    return fresh if fresh >= 0 else total


def _cost(attributes: Mapping[str, Any], names: Names) -> float | None:
    whole = amount(first(attributes, names.cost))
    if whole is not None:
        return whole if whole >= 0 else None
    for few in names.cost_parts:
        parts = [cost for name in few if (cost := amount(attributes.get(name))) is not None and cost >= 0]
        if parts:
            return sum(parts)
    return None


def _tool_call(span: WireSpan, names: Names) -> ToolCall:
    attributes = span.attributes
    result = result_of(first(attributes, names.result))
    if result.text is None and names.result:
        # An empty answer is an answer.
        result.text = ""
    arguments = first(attributes, names.arguments)
    call_id = as_text(first(attributes, names.call_id)) or result.call_id or _requested_id(arguments)
    return ToolCall(
        name=as_text(first(attributes, names.tool_name)) or span.name.removeprefix("execute_tool ") or "tool",
        call_id=call_id,
        arguments=arguments_of(arguments),
        result=result,
        reasoning=as_text(first(attributes, names.reasoning)),
    )


def _requested_id(arguments: Any) -> str | None:
    """The call id that LangChain's callback hides among the keyword arguments beside the input."""
    if not isinstance(arguments, str) or '"tool_call_id"' not in arguments:
        return None
    return as_text(as_object(as_object(parsed(arguments)).get("kwargs")).get("tool_call_id"))


def _agent_call(span: WireSpan, facts: Facts, names: Names) -> ToolCall:
    """The delegation an agent span may stand for."""
    output = messages.spoken(messages.output_messages(span.attributes, span.events, names))
    return ToolCall(
        name=facts.agent or span.name or "agent",
        call_id=None,
        arguments=_bounded(messages.request_in(first(span.attributes, names.run_input))),
        result=Result(_bounded(output or text_of(first(span.attributes, names.run_output)))),
        reasoning=as_text(first(span.attributes, names.reasoning)),
    )


def _client_call(span: WireSpan, names: Names) -> ToolCall:
    """A call to another system, told by its attributes alone; they are bounded because nobody asked for them."""
    attributes = {
        key: value[:_CLIENT_TEXT] if isinstance(value, str) else value
        for key, value in sorted(span.attributes.items())[:_CLIENT_ATTRIBUTES]
        if isinstance(value, str | int | float | bool)
    }
    result = result_of(first(span.attributes, names.result))
    return ToolCall(
        name=span.name or "client",
        call_id=None,
        arguments=attributes or None,
        result=result,
        reasoning=as_text(first(span.attributes, names.reasoning)),
    )
