"""An assistant message becomes decisions: one for every tool call in it, with why and at what price."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import clock, codec
from soma.adapters.blocks.document import as_count, as_number, as_object, as_text
from soma.model import DecisionDraft, Kind
from soma.source import Record
from soma.text import clip

from .entries import Counts, Message

_WRAPPER = "tool_call"
_SPAWN = "sessions_spawn"


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens and US dollars of one model message; ``None`` where the provider did not say."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cost: float | None = None


NO_USAGE = Usage()


class Answer(msgspec.Struct, kw_only=True, gc=False):
    """One assistant message.

    Attributes:
        calls: Its decisions, in order.
        stop: How the model call ended (``stop``, ``toolUse``, ``length``, ``error``, ``aborted``).
        reasoning: What a message without calls thinks or says, for calls that did not make it into the transcript.
        of_model: False for copies of delivered text that OpenClaw itself wrote into the transcript.
        at: When the answer was complete, which is when its calls began.
    """

    calls: list[DecisionDraft]
    stop: str | None
    error: str | None
    usage: Usage
    model: str | None
    reasoning: str | None
    of_model: bool
    at: int | None


def answer_of(message: Message, record: Record, at: int | None, turn: int, model: str | None) -> Answer:
    """The answer a message of role ``assistant`` is; ``model`` is the one in force where the message names none."""
    of_model = message.provider != "openclaw"
    model = (message.model if of_model else None) or model
    content = message.content
    calls: list[DecisionDraft] = []
    thoughts: list[str] = []
    words: list[str] = []
    for block in content if isinstance(content, list) else ():
        kind = block.type
        if kind == "toolCall":
            draft = decision(block.name, block.arguments, record, turn)
            draft.reasoning, draft.started_at, draft.model = _joined(thoughts or words), at, model
            if call_id := block.id:
                draft.native_id = call_id
                draft.global_id = _shared_id(call_id, clock.instant(message.timestamp) or at, len(calls))
            calls.append(draft)
        elif kind == "thinking":
            if block.thinking:
                thoughts.append(block.thinking)
        elif kind == "text" and block.text:
            words.append(block.text)
    usage = NO_USAGE if message.usage is None else _usage(message.usage)
    if calls:
        charge(calls[0], usage)
    return Answer(
        calls=calls, stop=message.stop_reason or None, error=message.error_message or None, usage=usage, model=model,
        reasoning=None if calls else _joined(thoughts or words), of_model=of_model, at=at,
    )  # fmt: skip


def decision(name: Any, arguments: Any, record: Record, turn: int) -> DecisionDraft:
    """A call as a decision; calls through ``tool_call`` take the name and arguments of the tool that really ran."""
    tool = name if isinstance(name, str) and name else "unknown"
    given = arguments if isinstance(arguments, dict) else _object(arguments)
    if tool == _WRAPPER and isinstance(given, dict):
        real = as_text(given.get("name")) or _short(as_text(given.get("id")))
        if real:
            tool, given = real, _object(given["arguments"] if "arguments" in given else given.get("args"))
    kind: Kind = "delegation" if tool == _SPAWN else "tool_choice"
    return DecisionDraft(
        tool=tool, arguments=given, kind=kind, action=_delegate(given) if kind == "delegation" else "", turn=turn,
        source_id=record.source.source_id, offset=record.offset, length=record.length,
    )  # fmt: skip


def charge(draft: DecisionDraft, usage: Usage) -> None:
    """Put what the model message cost on the first decision it made."""
    draft.tokens_in, draft.tokens_out, draft.cost_usd = usage.tokens_in, usage.tokens_out, usage.cost


def total(usages: list[Usage]) -> Usage:
    """Sums over model messages; a figure no message gave stays ``None``."""
    return Usage(
        _sum([usage.tokens_in for usage in usages]),
        _sum([usage.tokens_out for usage in usages]),
        _sum([usage.cache_read for usage in usages]),
        _sum([usage.cache_write for usage in usages]),
        _sum([usage.cost for usage in usages]),
    )


def _sum(figures: list[Any]) -> Any:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def _usage(usage: Counts) -> Usage:
    cost = as_number(usage.cost.total) if usage.cost is not None else None
    if cost is not None and cost <= 0:
        cost = None
    given, made = as_count(usage.input), as_count(usage.output)
    read, written = as_count(usage.cache_read), as_count(usage.cache_write)
    if given or made or read or written:
        return Usage(given, made, read, written, cost)
    # A failed call and a provider that does not count are both written as zeros.
    return Usage(cost=cost)


def _shared_id(call_id: str, sent: int | None, place: int) -> str | None:
    # Forks copy messages as they are, but some give their entries new ids; call ids alone repeat with some providers.
    return f"{call_id}@{sent}#{place}" if sent is not None else None


def _object(arguments: Any) -> Any:
    if isinstance(arguments, str) and arguments.lstrip()[:1] == "{":
        try:
            parsed = codec.decode(arguments)
        except codec.Undecodable:
            return arguments
        return parsed if isinstance(parsed, dict) else arguments
    return arguments


def _short(tool_id: str | None) -> str | None:
    """``openclaw:core:read`` is OpenClaw's own ``read``; other ids say whose tool it is and stay whole."""
    if tool_id and tool_id.startswith("openclaw:"):
        return tool_id.rpartition(":")[2] or None
    return tool_id


def _delegate(arguments: Any) -> str:
    given = as_object(arguments)
    whom = as_text(given.get("agentId")) or as_text(given.get("label"))
    return f"delegate:{whom}" if whom else ""


def _joined(parts: list[str]) -> str | None:
    return clip("\n".join(parts)) if parts else None
