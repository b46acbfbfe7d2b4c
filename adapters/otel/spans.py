"""What is kept of a span: the few facts its role makes worth keeping, so that a trace fits in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_object, as_text
from soma.source import Record

from . import conventions, messages
from .conventions import SpanRole, first, names_its_work, role_of
from .evaluations import Evaluation, evaluations_in
from .messages import Call
from .values import Result, amount, arguments_of, count, parsed, result_of, text_of
from .wire import SpanStatus, WireSpan

_TEXT_LIMIT = 64 * 1024
_CLIENT_ATTRIBUTES = 32
_CLIENT_TEXT = 512
_TRACEBACK = "Traceback (most recent call last)"
_NO_MODEL = frozenset({"unknown", "none"})
_NOTED = frozenset(
    prefix + key
    for keys in (
        conventions.AGENT_KEYS,
        conventions.GRAPH_KEYS,
        conventions.TASK_KEYS,
        conventions.EXAMPLE_KEYS,
        conventions.SESSION_KEYS,
    )
    for key in keys
    for prefix in conventions.METADATA_PREFIXES
)
_TELLING = _NOTED | frozenset(
    conventions.METADATA_JSON
    + conventions.AGENT_NAME
    + conventions.WORKFLOW_NAME
    + conventions.SESSION
    + conventions.USER
)
_COSTS = frozenset(conventions.COST + conventions.COST_PARTS[0] + conventions.COST_PARTS[1])
_CACHED = frozenset(conventions.TOKENS_CACHE_READ + conventions.TOKENS_CACHE_WRITE)
_ROLE_WORDS = ("invoke_agent ", "agent run ")


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


class Facts(msgspec.Struct, kw_only=True, frozen=True):
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


class Span(msgspec.Struct, kw_only=True):
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
    evaluations: list[Evaluation] = msgspec.field(default_factory=list)

    @property
    def place(self) -> tuple[str, int]:
        """Where it was read, to order copies the same way always."""
        return self.source_id, self.offset


def reduced(span: WireSpan, record: Record) -> Span:
    """The span as it is kept."""
    attributes = span.attributes
    role = role_of(attributes, span.name)
    error_type, error = _error(span)
    found = Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        name=span.name,
        role=role,
        client=span.client and role == "other" and not names_its_work(attributes),
        start=span.start,
        end=span.end,
        status=_stated(span),
        error=error,
        error_type=error_type,
        facts=_facts(attributes, span.resource, role, span.name),
        weight=len(attributes) + len(span.events),
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
        evaluations=evaluations_in(span, role),
    )
    if role == "llm":
        given = messages.input_messages(attributes, span.events)
        found.model_call = _model_call(span, given)
        found.asked = _bounded(messages.user_text(given))
    elif role == "tool":
        found.tool_call = _tool_call(span)
    elif found.client:
        found.tool_call = _client_call(span)
        found.http_status = count(first(attributes, ("http.response.status_code", "http.status_code")))
    if role == "agent" or (span.parent_id is None and role in ("chain", "other")):
        found.asked = _bounded(messages.request_in(first(attributes, conventions.RUN_INPUT)))
    if role == "agent":
        found.tool_call = _agent_call(span, found.facts)
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


def _facts(attributes: Mapping[str, Any], resource: Mapping[str, Any], role: SpanRole, name: str) -> Facts:
    service = as_text(resource.get("service.name"))
    found = Facts(
        service=None if service is None or service.startswith("unknown_service") else service,
        instance=as_text(resource.get("service.instance.id")),
        environment=as_text(first(resource, ("deployment.environment.name", "deployment.environment"))),
    )
    if role != "agent" and attributes.keys().isdisjoint(_TELLING):
        return found
    metadata = as_object(parsed(first(attributes, conventions.METADATA_JSON)))
    noting = metadata or not attributes.keys().isdisjoint(_NOTED)

    def noted(keys: tuple[str, ...]) -> str | None:
        # Nearly all spans note nothing at all, and all names would be tried in vain.
        for key in keys if noting else ():
            if (text := _label(metadata.get(key))) is not None:
                return text
            for prefix in conventions.METADATA_PREFIXES:
                if (text := _label(attributes.get(prefix + key))) is not None:
                    return text
        return None

    agent = _label(first(attributes, conventions.AGENT_NAME))
    if agent is None and role == "agent":
        agent = _label(attributes.get("traceloop.entity.name")) or _agent_in(name)
    return Facts(
        named_agent=noted(conventions.AGENT_KEYS),
        agent=agent,
        graph=noted(conventions.GRAPH_KEYS),
        workflow=_label(first(attributes, conventions.WORKFLOW_NAME)),
        model=_model(attributes) if role == "agent" else None,
        task=noted(conventions.TASK_KEYS),
        example=noted(conventions.EXAMPLE_KEYS),
        session=_label(first(attributes, conventions.SESSION)) or noted(conventions.SESSION_KEYS),
        user=_label(first(attributes, conventions.USER)),
        service=found.service,
        instance=found.instance,
        environment=found.environment,
    )


def _label(value: Any) -> str | None:
    """A short name: text, or a number written out; anything else is no name."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(1 << 63) <= value < 1 << 64 else None
    text = as_text(value)
    return text.strip()[:_CLIENT_TEXT] or None if text else None


def _agent_in(name: str) -> str | None:
    """The agent a span's name tells (``invoke_agent planner``); other span names tell a class or a function."""
    for word in _ROLE_WORDS:
        if name.startswith(word):
            return _label(name[len(word) :].strip("[]' "))
    return None


def _model_call(span: WireSpan, given: list[messages.Message]) -> ModelCall:
    attributes = span.attributes
    said = messages.output_messages(attributes, span.events)
    last = max((index for index, message in enumerate(given) if message.role == "assistant"), default=None)
    before = [] if last is None else [given[last]]
    read = write = None
    if not attributes.keys().isdisjoint(_CACHED):
        read = _tokens(attributes, conventions.TOKENS_CACHE_READ)
        write = _tokens(attributes, conventions.TOKENS_CACHE_WRITE)
    return ModelCall(
        text=messages.spoken(said),
        calls=[call for message in said for call in message.calls],
        before_text=messages.spoken(before),
        before_calls=[call for message in before for call in message.calls],
        answered=[] if last is None else [result for message in given[last + 1 :] for result in message.results],
        model=_model(attributes),
        tokens_in=_fresh_tokens(attributes, read, write),
        tokens_out=_tokens(attributes, conventions.TOKENS_OUT),
        cache_read=read,
        cache_write=write,
        cost=_cost(attributes),
    )


def _model(attributes: Mapping[str, Any]) -> str | None:
    for name in conventions.MODEL:
        if name in attributes and (model := as_text(attributes[name])) and model.lower() not in _NO_MODEL:
            return model
    return None


def _tokens(attributes: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return count(first(attributes, names))


def _fresh_tokens(attributes: Mapping[str, Any], read: int | None, write: int | None) -> int | None:
    """Input tokens without cached ones, which all conventions count in; some SDKs write them apart already."""
    total = _tokens(attributes, conventions.TOKENS_IN)
    if total is None:
        return _tokens(attributes, conventions.FRESH_TOKENS_IN)
    fresh = total - (read or 0) - (write or 0)
    return fresh if fresh >= 0 else total


def _cost(attributes: Mapping[str, Any]) -> float | None:
    if attributes.keys().isdisjoint(_COSTS):
        return None
    whole = amount(first(attributes, conventions.COST))
    if whole is not None:
        return whole if whole >= 0 else None
    for names in conventions.COST_PARTS:
        parts = [cost for name in names if (cost := amount(attributes.get(name))) is not None and cost >= 0]
        if parts:
            return sum(parts)
    return None


def _tool_call(span: WireSpan) -> ToolCall:
    attributes = span.attributes
    result = result_of(first(attributes, conventions.TOOL_RESULT))
    if result.text is None and any(name in attributes for name in conventions.TOOL_RESULT):
        # An empty answer is an answer.
        result.text = ""
    arguments = first(attributes, conventions.TOOL_ARGUMENTS)
    call_id = as_text(first(attributes, conventions.TOOL_CALL_ID)) or result.call_id or _requested_id(arguments)
    return ToolCall(
        name=as_text(first(attributes, conventions.TOOL_NAME)) or span.name.removeprefix("execute_tool ") or "tool",
        call_id=call_id,
        arguments=arguments_of(arguments),
        result=result,
        reasoning=as_text(first(attributes, conventions.REASONING)),
    )


def _requested_id(arguments: Any) -> str | None:
    """The call id that LangChain's callback hides among the keyword arguments beside the input."""
    if not isinstance(arguments, str) or '"tool_call_id"' not in arguments:
        return None
    return as_text(as_object(as_object(parsed(arguments)).get("kwargs")).get("tool_call_id"))


def _agent_call(span: WireSpan, facts: Facts) -> ToolCall:
    """The delegation an agent span may stand for."""
    output = messages.spoken(messages.output_messages(span.attributes, span.events))
    return ToolCall(
        name=facts.agent or span.name or "agent",
        call_id=None,
        arguments=_bounded(messages.request_in(first(span.attributes, conventions.RUN_INPUT))),
        result=Result(_bounded(output or text_of(first(span.attributes, conventions.RUN_OUTPUT)))),
        reasoning=as_text(first(span.attributes, conventions.REASONING)),
    )


def _client_call(span: WireSpan) -> ToolCall:
    """A call to another system, told by its attributes alone; they are bounded because nobody asked for them."""
    attributes = {
        key: value[:_CLIENT_TEXT] if isinstance(value, str) else value
        for key, value in sorted(span.attributes.items())[:_CLIENT_ATTRIBUTES]
        if isinstance(value, str | int | float | bool)
    }
    result = result_of(first(span.attributes, conventions.TOOL_RESULT))
    return ToolCall(
        name=span.name or "client",
        call_id=None,
        arguments=attributes or None,
        result=result,
        reasoning=as_text(first(span.attributes, conventions.REASONING)),
    )
