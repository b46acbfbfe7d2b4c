"""An entry of a transcript as a type: only the fields soma reads, so that the decoder skips the others.

Fields that every entry has are typed strictly, those that are seldom looked at are ``Any`` and guarded where they are
used. A line that does not fit the type is decoded as a plain object and goes through ``entry_of``, which keeps what is
usable: what is mapped is the same.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from soma import codec
from soma.adapters.blocks.document import as_text

_Never: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]


class Block(msgspec.Struct, gc=False):
    """One part of a message: text, thinking, or a call of a tool."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    arguments: Any = None


Content: TypeAlias = str | list[Block] | None


class Cost(msgspec.Struct, gc=False):
    """What a model message cost, in US dollars."""

    total: Any = None


class Counts(msgspec.Struct, gc=False, rename="camel"):
    """Tokens of a model message."""

    input: Any = None
    output: Any = None
    cache_read: Any = None
    cache_write: Any = None
    cost: Cost | None = None


class Provenance(msgspec.Struct, gc=False, rename="camel"):
    """Who wrote a user message, where it was no person."""

    source_tool: Any = None


class Details(msgspec.Struct, gc=False, rename="camel"):
    """What a tool says beside the text the model saw: of a result, or of a call inside another tool.

    Attributes:
        aggregated: All that a command printed, the text over again: it stays undecoded.
    """

    status: str | None = None
    exit_code: Any = None
    duration_ms: Any = None
    aggregated: Raw = Raw()
    took_ms: Any = None
    session_id: Any = None
    error: Any = None
    timed_out: Any = None
    child_session_key: Any = None
    result: Any = None
    made_up: Any = msgspec.field(default=None, name="openclawSyntheticMissingToolResult")
    tool_name: Any = None
    tool_call_id: Any = None
    parent_tool_call_id: Any = None
    input: Any = None
    started_at: Any = None
    timestamp: Any = None
    is_error: Any = None


_GUARDED = tuple(
    (name, written)
    for name, written in zip(Details.__struct_fields__, Details.__struct_encode_fields__, strict=True)
    if name not in {"status", "aggregated"}
)


class Message(msgspec.Struct, gc=False, rename="camel"):
    """What somebody said: a user, the model, a tool, an extension."""

    role: str | None = None
    content: Content = None
    provider: str | None = None
    model: str | None = None
    usage: Counts | None = None
    stop_reason: str | None = None
    tool_call_id: str | None = None
    tool_name: str | None = None
    details: Details | None = None
    is_error: Any = None
    timestamp: Any = None
    error_message: str | None = None
    custom_type: str | None = None
    provenance: Provenance | None = None


NOTHING = Message()
"""What an entry says that has no message."""


class Entry(msgspec.Struct, gc=False, rename="camel"):
    """One line of a transcript.

    Attributes:
        parent_id: ``UNSET`` where nothing was written, which means the entry before; ``None`` means none.
        job_id: Never there: a line that has one is of a cron run log, and is no entry.
    """

    type: str | None = None
    id: str | None = None
    parent_id: str | UnsetType | None = UNSET
    timestamp: Any = None
    message: Message | None = None
    model_id: str | None = None
    custom_type: str | None = None
    data: Any = None
    target_id: Any = None
    parent_session: str | None = None
    branched_from: str | None = None
    job_id: _Never | UnsetType = UNSET


DECODER = msgspec.json.Decoder(Entry)
"""The typed decoder of entries; refuses an entry whose fields have other types."""


def entry_of(value: dict[str, Any]) -> Entry:
    """An entry from a plain object whose fields may have any type: what does not fit is left out."""
    message = value.get("message")
    return Entry(
        type=as_text(value.get("type")),
        id=as_text(value.get("id")),
        # Something else than an id names no entry, and is not nothing.
        parent_id=as_text(before) or "" if (before := value.get("parentId", UNSET)) not in (None, UNSET) else before,
        timestamp=value.get("timestamp"),
        message=message_of(message) if isinstance(message, dict) else None,
        model_id=as_text(value.get("modelId")),
        custom_type=as_text(value.get("customType")),
        data=value.get("data"),
        target_id=value.get("targetId"),
        parent_session=as_text(value.get("parentSession")),
        branched_from=as_text(value.get("branchedFrom")),
    )


def message_of(value: dict[str, Any]) -> Message:
    """A message from a plain object."""
    usage, details, provenance = value.get("usage"), value.get("details"), value.get("provenance")
    return Message(
        role=as_text(value.get("role")),
        content=content_of(value.get("content")),
        provider=as_text(value.get("provider")),
        model=as_text(value.get("model")),
        usage=_counts(usage) if isinstance(usage, dict) else None,
        stop_reason=as_text(value.get("stopReason")),
        tool_call_id=as_text(value.get("toolCallId")),
        tool_name=as_text(value.get("toolName")),
        details=details_of(details) if isinstance(details, dict) else None,
        is_error=value.get("isError"),
        timestamp=value.get("timestamp"),
        error_message=as_text(value.get("errorMessage")),
        custom_type=as_text(value.get("customType")),
        provenance=Provenance(provenance.get("sourceTool")) if isinstance(provenance, dict) else None,
    )


def content_of(value: Any) -> Content:
    """The content of a message from a plain value."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    return [
        Block(
            _string(item.get("type")), _string(item.get("text")), _string(item.get("thinking")),
            _string(item.get("id")), _string(item.get("name")), item.get("arguments"),
        )
        for item in value
        if isinstance(item, dict)
    ]  # fmt: skip


def details_of(value: dict[str, Any]) -> Details:
    """The details of a result from a plain object."""
    details = Details(status=as_text(value.get("status")))
    for name, written in _GUARDED:
        setattr(details, name, value.get(written))
    if printed := as_text(value.get("aggregated")):
        details.aggregated = Raw(codec.encode(printed))
    return details


def text_in(raw: Raw) -> str | None:
    """The text of a value that stayed undecoded; ``None`` when it is none, or empty."""
    data = bytes(raw)
    return as_text(codec.decode(data)) if data[:1] == b'"' else None


def _counts(usage: dict[str, Any]) -> Counts:
    cost = usage.get("cost")
    return Counts(
        usage.get("input"), usage.get("output"), usage.get("cacheRead"), usage.get("cacheWrite"),
        Cost(cost.get("total")) if isinstance(cost, dict) else None,
    )  # fmt: skip


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None
