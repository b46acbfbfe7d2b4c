"""One message of any dialect as one shape: who speaks, what is said, which tools are called, what came back.

Dialects: OpenAI chat (with the older ``function_call``), OpenAI Responses items, Anthropic content blocks, Gemini
parts, LangChain messages as plain objects, and the ``from``/``value`` pairs of fine-tuning sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_number, as_object, as_text
from soma.clock import instant

from .shapes import CALL_ITEMS, HOSTED_CALLS, RESULT_ITEMS, ROLES

_TEXT_BLOCKS = frozenset({"text", "input_text", "output_text", "summary_text", "reasoning_text", "refusal"})
_THINKING_BLOCKS = frozenset({"thinking", "reasoning"})
_CALL_BLOCKS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "tool-call"})
_MEDIA = frozenset({"image", "audio", "video", "document", "file"})
_TIMES = ("timestamp", "created_at", "createdAt", "created", "time", "ts", "started_at")
_ITEM_FACTS = frozenset({"type", "id", "status", "call_id", "output", "result", "error", "name", "arguments"})


class Call(msgspec.Struct):
    """A tool call as it was made; ``result`` is set when the call carries its own (hosted tools)."""

    tool: str
    arguments: Any
    call_id: str | None = None
    result: Result | None = None


class Result(msgspec.Struct):
    """What came back from a tool.

    Attributes:
        flag: Whether the message itself says that the call failed; ``None`` when it does not say.
        named: False when ``call_id`` may be the id of the message itself.
        status: A status word, where there is one.
        error: The message's own error text.
    """

    text: str
    call_id: str | None = None
    named: bool = True
    tool: str | None = None
    flag: bool | None = None
    status: str | None = None
    error: str | None = None
    duration_ms: float | None = None


class Said(msgspec.Struct):
    """One message, whatever its dialect."""

    role: str
    text: str = ""
    thinking: str = ""
    calls: list[Call] = []
    results: list[Result] = []
    item: bool = False
    time: int | None = None
    model: str | None = None
    name: str | None = None
    message_id: str | None = None
    usage: dict[str, Any] = {}
    cost: float | None = None


def said(message: Any) -> Said | None:
    """A message in the common shape; ``None`` when it is no message."""
    if not isinstance(message, dict):
        return None
    kind = as_text(message.get("type"))
    role = as_text(message.get("role"))
    if role is None and kind in CALL_ITEMS:
        turn = Said("assistant", item=True, calls=[_item_call(message, kind or "")])
    elif role is None and kind in RESULT_ITEMS:
        turn = Said("tool", item=True, results=[_result(message, message.get("output"), message.get("call_id"))])
    elif role is None and kind == "reasoning":
        thought = flat(message.get("summary")) or flat(message.get("content"))
        turn = Said("assistant", item=True, thinking=thought)
    elif role is None and isinstance(message.get("from"), str):
        turn = _pair(message)
    else:
        plain = {**message, **as_object(message.get("data"))} if role is None else message
        speaker = ROLES.get((role or kind or "").lower())
        if speaker is None:
            return None
        turn = _chat(plain, speaker, item=role is not None and kind == "message")
    _add_facts(turn, message)
    return turn


def _add_facts(turn: Said, message: dict[str, Any]) -> None:
    turn.time = next((found for name in _TIMES if (found := instant(message.get(name))) is not None), None)
    turn.model = as_text(message.get("model")) or as_text(as_object(message.get("response_metadata")).get("model_name"))
    turn.name = as_text(message.get("name"))
    turn.message_id = as_text(message.get("id"))
    turn.usage = as_object(message.get("usage")) or as_object(message.get("usage_metadata"))
    turn.cost = next(
        (cost for name in ("cost_usd", "cost") if (cost := as_number(message.get(name))) is not None), None
    )


def _chat(message: dict[str, Any], role: str, *, item: bool) -> Said:
    turn = Said(role, item=item, calls=[], results=[])
    texts: list[str] = []
    thoughts = [as_text(message.get(name)) or "" for name in ("reasoning_content", "reasoning", "thinking")][:3]
    content = message.get("content", message.get("parts"))
    if role == "tool" and not any(_is_result(block) for block in as_list(content)):
        call_id = message.get("tool_call_id", message.get("call_id"))
        result = _result(message, content, message.get("id") if call_id is None else call_id)
        result.named = call_id is not None
        turn.results.append(result)
        return turn
    for block in content if isinstance(content, list) else [content]:
        _add_block(turn, block, texts, thoughts)
    calls = [_chat_call(call) for call in as_list(message.get("tool_calls"))]
    legacy = message.get("function_call")
    if isinstance(legacy, dict) and not calls:
        calls.append(_chat_call(legacy))
    known = {call.call_id for call in turn.calls if call.call_id}
    # LangChain writes the same calls as blocks and as tool_calls.
    turn.calls += [call for call in calls if call is not None and not (call.call_id and call.call_id in known)]
    turn.text = "\n".join(text for text in texts if text)
    turn.thinking = "\n".join(thought for thought in thoughts if thought)
    return turn


def _add_block(turn: Said, block: Any, texts: list[str], thoughts: list[str]) -> None:
    if not isinstance(block, dict):
        texts.append(flat(block))
        return
    kind = as_text(block.get("type"))
    if kind in _THINKING_BLOCKS or block.get("thought") is True:
        thoughts.append(flat(block.get("thinking", block.get("text", block.get("reasoning", block.get("summary"))))))
    elif kind in _CALL_BLOCKS:
        call = _chat_call(block)
        turn.calls += [call] if call else []
    elif _is_result(block):
        inner = as_object(block.get("functionResponse", block.get("function_response"))) or block
        body = inner.get("content", inner.get("response", inner.get("output", inner.get("result"))))
        turn.results.append(_result(inner, body, inner.get("tool_use_id", inner.get("tool_call_id", inner.get("id")))))
    elif isinstance(parts := block.get("functionCall", block.get("function_call")), dict):
        call = _chat_call(parts)
        turn.calls += [call] if call else []
    else:
        texts.append(flat(block))


def _is_result(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    kind = block.get("type")
    marked = isinstance(kind, str) and (kind.endswith("tool_result") or kind == "tool-result")
    return marked or isinstance(block.get("functionResponse", block.get("function_response")), dict)


def _chat_call(call: Any) -> Call | None:
    if not isinstance(call, dict):
        return None
    function = as_object(call.get("function")) or call
    name = as_text(function.get("name")) or as_text(function.get("toolName")) or as_text(call.get("function"))
    if name is None:
        return None
    arguments = next((function[key] for key in ("arguments", "args", "input", "parameters") if key in function), None)
    call_id = as_text(call.get("id")) or as_text(call.get("call_id")) or as_text(call.get("tool_call_id"))
    return Call(name, parsed(arguments), call_id or as_text(call.get("toolCallId")))


def _item_call(item: dict[str, Any], kind: str) -> Call:
    name = as_text(item.get("name")) or kind.removesuffix("_call")
    arguments = next((item[key] for key in ("arguments", "input", "action") if key in item), None)
    if arguments is None:
        arguments = {key: value for key, value in item.items() if key not in _ITEM_FACTS} or None
    call = Call(name, parsed(arguments), as_text(item.get("call_id")) or as_text(item.get("id")))
    status = as_text(item.get("status"))
    if item.get("output") is not None or item.get("error") or (kind in HOSTED_CALLS and status):
        call.result = _result(item, item.get("output", item.get("result")), call.call_id)
    return call


def _result(message: Mapping[str, Any], content: Any, call_id: Any) -> Result:
    error = message.get("error")
    flags = [message.get(name) for name in ("is_error", "isError", "error")]
    text = as_text(error) or as_text(as_object(error).get("message"))
    if text is None and isinstance(error, dict):
        text = json_text(error)
    spans = (as_number(message.get(name)) for name in ("duration_ms", "durationMs", "elapsed_ms"))
    return Result(
        text=flat(content),
        call_id=as_text(call_id),
        tool=as_text(message.get("name")),
        flag=next((flag for flag in flags if isinstance(flag, bool)), True if text else None),
        status=(as_text(message.get("status")) or "").lower() or None,
        error=text,
        duration_ms=next((span for span in spans if span is not None and span >= 0), None),
    )


def _pair(message: dict[str, Any]) -> Said:
    speaker = str(message.get("from")).lower()
    text = as_text(message.get("value")) or ""
    role = ROLES.get(speaker, "other")
    if speaker in {"function_call", "tool_call"}:
        value = parsed(text)
        calls = [_chat_call(call) for call in (value if isinstance(value, list) else [value])]
        return Said("assistant", calls=[call for call in calls if call] or [Call(speaker, text)])
    if role == "tool":
        return Said("tool", results=[Result(text)])
    return Said(role, text=text)


def parsed(arguments: Any) -> Any:
    """Arguments as the object they stand for: JSON in a string (also twice encoded) is decoded, other text is kept."""
    value = arguments
    for _ in range(2):
        if not isinstance(value, str):
            break
        if not value.strip():
            return {}
        try:
            value = codec.decode(value)
        except codec.Undecodable:
            break
    if isinstance(value, dict | list) or value is None:
        return value
    return arguments if isinstance(arguments, str) else json_text(arguments)


def flat(content: Any) -> str:
    """Content of any kind as text; what is no text is named: ``[image]``."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(piece for block in content if (piece := _flat_block(block)))
    return _flat_block(content)


def _flat_block(block: Any) -> str:
    if isinstance(block, str):
        return block
    if block is None:
        return ""
    if not isinstance(block, dict):
        return json_text(block)
    kind = as_text(block.get("type"))
    text = block.get("text", block.get("refusal"))
    if isinstance(text, str) and (kind is None or kind in _TEXT_BLOCKS):
        return text
    medium = (kind or "").removeprefix("input_").partition("_")[0]
    return f"[{medium}]" if medium in _MEDIA else json_text(block)


def json_text(value: Any) -> str:
    """A value as compact JSON; empty when it cannot be written (numbers or nesting beyond all limits)."""
    try:
        return codec.encode(value)
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, ValueError):
        return ""
