"""One observation, reduced to what decisions and executions need."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import clock
from soma.adapters.blocks.document import as_number, as_object, as_text
from soma.adapters.generic.messages import parsed
from soma.adapters.generic.usage import Tokens
from soma.adapters.langchain.about import known_metadata
from soma.adapters.langchain.decisions import parsed_object
from soma.adapters.otel.values import Result, result_of
from soma.source import Record
from soma.text import clip

from .replies import Reply, reply_of, request_of
from .usage import cost_of, tokens_of

_MICROSECONDS = 1_000_000
_TOOL_WORDS = (
    ("openinference.span.kind", "TOOL"),
    ("gen_ai.operation.name", "execute_tool"),
    ("langsmith.span.kind", "tool"),
)
_CONTENT = ("input", "output", "metadata", "statusMessage", "usageDetails", "costDetails")
_CONTEXT = ("userId", "sessionId", "traceName", "environment", "release")


class Observation(msgspec.Struct):
    """One observation.

    Attributes:
        kind: Langfuse's type, ``SPAN`` where it gives none.
        asked: What a user said first in its input.
        reply: Of a generation: what the model answered.
        tool: Name that the instrumentation's attributes give the tool.
        call_id: The call it answers, where an attribute says so.
        marked: Whether the attributes say that it is a tool call.
        agent: Name that the attributes give the agent.
        thought, parameters: What BeeAI writes beside a tool call.
        context: What enriched rows repeat about their trace.
        filled: How much of its content is given: the copies that a trace holds of its observations leave that out.
    """

    observation_id: str
    trace_id: str
    parent_id: str | None
    kind: str
    name: str
    started_at: int | None
    ended_at: int | None
    failed: bool
    message: str | None
    arguments: Any
    result: Result
    asked: str | None
    reply: Reply | None
    model: str | None
    tokens: Tokens | None
    cost: float | None
    tool: str | None
    call_id: str | None
    marked: bool
    agent: str | None
    thought: str | None
    parameters: dict[str, Any] | None
    metadata: dict[str, str]
    context: dict[str, str]
    filled: int
    source_id: str
    offset: int
    length: int

    @property
    def place(self) -> tuple[int, bool, str]:
        """Sort key: order of starts; of those that began together the model's call comes first."""
        return (self.started_at or self.ended_at or 0, self.kind != "GENERATION", self.observation_id)

    @property
    def rank(self) -> tuple[int, int, str, int]:
        """Of several readings of one observation the highest rank stands: what ended last, then the fullest."""
        return (self.ended_at or 0, self.filled, self.source_id, self.offset)


def observation_of(fields: dict[str, Any], record: Record) -> Observation | None:
    """An observation, reduced; ``None`` when it has no id."""
    observation_id, trace_id = as_text(fields.get("id")), as_text(fields.get("traceId"))
    if observation_id is None or trace_id is None:
        return None
    kind = (as_text(fields.get("type")) or "SPAN").upper()
    metadata = as_object(parsed(fields.get("metadata")))
    # Rows of some exports spell nested attributes as dotted names of the metadata itself.
    attributes = as_object(metadata.get("attributes")) or metadata
    generation = kind == "GENERATION"
    started_at, ended_at = clock.instant(fields.get("startTime")), clock.instant(fields.get("endTime"))
    seconds = as_number(fields.get("latency"))
    if ended_at is None and started_at is not None and seconds is not None and seconds > 0:
        ended_at = clock.plausible(started_at + int(min(seconds, 1e9) * _MICROSECONDS))
    asked = request_of(fields.get("input"), plain=not generation)
    reply = None
    if generation:
        reply = reply_of(fields.get("output"), fields.get("toolCallNames"), fields.get("toolCalls"))
    result = Result(None) if generation else result_of(fields.get("output"))
    parameters = parsed(attributes.get("tool.parameters"))
    message = as_text(fields.get("statusMessage"))
    return Observation(
        observation_id=observation_id,
        trace_id=trace_id,
        parent_id=as_text(fields.get("parentObservationId")),
        kind=kind,
        name=as_text(fields.get("name")) or "",
        started_at=started_at,
        ended_at=ended_at,
        failed=fields.get("level") == "ERROR",
        message=clip(message) if message else None,
        arguments=None if generation else _arguments(fields.get("input")),
        result=Result(clip(result.text) if result.text else None, result.failed, result.call_id),
        asked=clip(asked) if asked else None,
        reply=reply,
        model=as_text(fields.get("model")) or as_text(fields.get("providedModelName")),
        tokens=tokens_of(fields) if generation else None,
        cost=cost_of(fields) if generation else None,
        tool=as_text(attributes.get("gen_ai.tool.name")) or as_text(attributes.get("tool.name")),
        call_id=as_text(attributes.get("gen_ai.tool.call.id")) or result.call_id,
        marked="gen_ai.tool.name" in attributes or any(attributes.get(key) == word for key, word in _TOOL_WORDS),
        agent=as_text(attributes.get("gen_ai.agent.name")) or as_text(attributes.get("graph.node.id")),
        thought=as_text(attributes.get("thought")),
        parameters=parameters if isinstance(parameters, dict) else None,
        metadata=known_metadata(metadata),
        context={key: text for key in _CONTEXT if (text := as_text(fields.get(key)))},
        filled=sum(len(value) for key in _CONTENT if isinstance(value := fields.get(key), str | list | dict)),
        source_id=record.source.source_id,
        offset=record.offset,
        length=record.length,
    )


def _arguments(value: Any) -> Any:
    found = parsed(value or None)
    if isinstance(found, str):
        return parsed_object(found) or clip(found)
    inner = as_object(found).get("input")
    # LangSmith's exporter wraps what the tool was called with.
    return inner if isinstance(inner, dict) and len(as_object(found)) == 1 else found
