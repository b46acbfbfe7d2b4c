"""A session line as a type: only the fields soma reads, so that the decoder skips snapshots, diffs and images.

Fields whose type never matters before use are ``Any`` and guarded where they are used; a line that does not fit the
type is decoded as a plain object and goes through ``line_of``, which keeps what is usable.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from soma.adapters.blocks.document import as_number, as_text


class ResultBlock(msgspec.Struct, gc=False):
    """One block inside a tool result."""

    type: Any = None
    text: Any = None


class Block(msgspec.Struct, gc=False):
    """One content block of a message: text, thinking, a tool call or a tool result."""

    type: Any = None
    text: Any = None
    thinking: Any = None
    id: Any = None
    name: Any = None
    input: Any = None
    tool_use_id: Any = None
    content: str | list[ResultBlock] | None = None
    is_error: Any = None


class Usage(msgspec.Struct, gc=False):
    """Tokens of one API message; the same on every line of the message, except that output grows."""

    input_tokens: Any = None
    cache_creation_input_tokens: Any = None
    cache_read_input_tokens: Any = None
    output_tokens: Any = None


Content: TypeAlias = str | list[Block] | None


class Message(msgspec.Struct, gc=False):
    """The Anthropic message of a line (for an assistant: one or a few blocks of it)."""

    model: str | None = None
    id: str | None = None
    content: Content = None
    stop_reason: str | None = None
    usage: Usage | None = None


class Structured(msgspec.Struct, gc=False, rename="camel"):
    """``toolUseResult``: what the tool itself said, beside the text the model saw."""

    interrupted: Any = None
    was_interrupted: Any = None
    return_code_interpretation: Any = None
    exit_code: Any = None
    duration_ms: Any = None
    duration_seconds: Any = None
    total_duration_ms: Any = None
    agent_id: Any = None
    status: Any = None


class Forked(msgspec.Struct, gc=False, rename="camel"):
    """Where a forked session copied a line from."""

    session_id: str | None = None
    message_uuid: str | None = None


class Progress(msgspec.Struct, gc=False, rename="camel"):
    """What a progress line reports on; only a sub-agent's id matters."""

    agent_id: Any = None


class Line(msgspec.Struct, gc=False, rename="camel"):
    """One line of a session."""

    # In the order they are written in: that is where the decoder looks first.
    parent_uuid: str | None = None
    is_sidechain: bool | None = None
    cwd: str | None = None
    session_id: str | None = None
    version: str | None = None
    git_branch: str | None = None
    agent_id: str | None = None
    slug: str | None = None
    type: str = ""
    message: Message | None = None
    request_id: str | None = None
    uuid: str | None = None
    timestamp: Any = None
    tool_use_result: Structured | str | list[Any] | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    is_api_error_message: bool | None = None
    is_visible_in_transcript_only: bool | None = None
    subtype: str | None = None
    cost_usd: float | None = msgspec.field(default=None, name="costUSD")
    parent_tool_use_id: str | None = msgspec.field(default=None, name="parentToolUseID")
    forked_from: Forked | None = None
    data: Progress | None = None


DECODER = msgspec.json.Decoder(Line)
"""The typed decoder of lines; refuses a line whose fields have other types."""


def line_of(value: dict[str, Any]) -> Line:
    """A line from a plain object whose fields may have any type: what does not fit is left out."""
    forked, data = value.get("forkedFrom"), value.get("data")
    return Line(
        type=as_text(value.get("type")) or "",
        uuid=as_text(value.get("uuid")),
        parent_uuid=as_text(value.get("parentUuid")),
        session_id=as_text(value.get("sessionId")),
        timestamp=value.get("timestamp"),
        is_sidechain=value.get("isSidechain") is True,
        agent_id=as_text(value.get("agentId")),
        is_meta=value.get("isMeta") is True,
        is_compact_summary=value.get("isCompactSummary") is True,
        is_api_error_message=value.get("isApiErrorMessage") is True,
        is_visible_in_transcript_only=value.get("isVisibleInTranscriptOnly") is True,
        subtype=as_text(value.get("subtype")),
        request_id=as_text(value.get("requestId")),
        cwd=as_text(value.get("cwd")),
        version=as_text(value.get("version")),
        git_branch=as_text(value.get("gitBranch")),
        slug=as_text(value.get("slug")),
        cost_usd=as_number(value.get("costUSD")),
        parent_tool_use_id=as_text(value.get("parentToolUseID")),
        message=_message(value.get("message")),
        tool_use_result=_structured(value.get("toolUseResult")),
        forked_from=Forked(as_text(forked.get("sessionId")), as_text(forked.get("messageUuid")))
        if isinstance(forked, dict)
        else None,
        data=Progress(data.get("agentId")) if isinstance(data, dict) else None,
    )


def _message(value: Any) -> Message | None:
    if not isinstance(value, dict):
        return None
    usage = value.get("usage")
    return Message(
        id=as_text(value.get("id")),
        model=as_text(value.get("model")),
        content=_content(value.get("content")),
        stop_reason=as_text(value.get("stop_reason")),
        usage=Usage(*(usage.get(name) for name in Usage.__struct_fields__)) if isinstance(usage, dict) else None,
    )


def _content(value: Any) -> Content:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    return [_block(item) for item in value if isinstance(item, dict | str)]


def _block(value: dict[str, Any] | str) -> Block:
    if isinstance(value, str):
        return Block(type="text", text=value)
    block = Block(*(value.get(name) for name in Block.__struct_fields__))
    block.content = _result_content(value.get("content"))
    return block


def _result_content(value: Any) -> str | list[ResultBlock] | None:
    if isinstance(value, str):
        return value
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list):
        return None
    return [
        ResultBlock(item.get("type"), item.get("text")) if isinstance(item, dict) else ResultBlock("text", item)
        for item in items
    ]


def _structured(value: Any) -> Structured | str | None:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    return Structured(*(value.get(name) for name in Structured.__struct_encode_fields__))
