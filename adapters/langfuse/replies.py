"""What a model said and which calls it asked for, taken out of the answers of the providers and frameworks."""

from __future__ import annotations

from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, as_text
from soma.adapters.generic.messages import Call, Said, parsed, said
from soma.adapters.otel.messages import request_in

_WRAPPINGS = 4


class Reply(msgspec.Struct, frozen=True):
    """The words of an answer (thoughts included) and its calls in order."""

    text: str | None
    calls: list[Call]


def reply_of(output: Any, names: Any = None, calls: Any = None) -> Reply:
    """The reply in the output of a generation.

    Args:
        output: As recorded: text, JSON in a text, or an object.
        names: Langfuse's own extract of the tools called (``toolCallNames``), for outputs in unknown shapes.
        calls: The calls that go with them (``toolCalls``).
    """
    messages = _messages(parsed(output))
    asked = [call for message in messages for call in message.calls]
    if not asked:
        bodies = [as_object(parsed(item)) for item in as_list(calls)]
        asked = [
            Call(name, parsed(body.get("arguments")), as_text(body.get("id")))
            for name, body in zip(as_list(names), bodies, strict=False)
            if isinstance(name, str)
        ]
    words = [text for message in messages for text in (message.thinking, message.text) if text]
    return Reply("\n".join(words) or None, asked)


def request_of(value: Any, *, plain: bool = True) -> str | None:
    """The first request of a user in an input; a text that is no JSON is one itself if ``plain``."""
    found = parsed(value)
    fields = as_object(found)
    # Gemini's words for the messages of a request.
    for key in ("new_message", "contents"):
        if isinstance(inner := fields.get(key), dict | list):
            found = inner if isinstance(inner, list) else [inner]
    if isinstance(found, str):
        return _unquoted(found) if plain else None
    if isinstance(found, dict) and "role" in found:
        found = [found]
    return request_in(found)


def _unquoted(text: str) -> str | None:
    """A text, freed of the quotes of a JSON string."""
    if not text.startswith('"'):
        return as_text(text)
    try:
        return as_text(codec.decode(text)) or text
    except codec.Undecodable:
        return text


def _messages(value: Any) -> list[Said]:
    if isinstance(value, str):
        return [Said("assistant", text=value)] if value else []
    for _ in range(_WRAPPINGS):
        inner = _inside(value)
        if inner is None:
            break
        value = inner
    items = value if isinstance(value, list) else [value]
    return [message for item in items if (message := _message(item)) is not None and message.role == "assistant"]


def _inside(value: Any) -> Any:
    fields = as_object(value)
    if isinstance(choices := fields.get("choices"), list):
        return [as_object(choice).get("message") for choice in choices]
    if isinstance(candidates := fields.get("candidates"), list):
        return [as_object(candidate).get("content") for candidate in candidates]
    for key in ("output", "messages"):
        if isinstance(fields.get(key), list):
            return fields[key]
    return next((fields[key] for key in ("message", "content") if isinstance(fields.get(key), dict)), None)


def _message(item: Any) -> Said | None:
    fields = as_object(item)
    if not fields:
        return Said("assistant", text=item) if isinstance(item, str) and item else None
    plain = {**as_object(fields.get("additional_kwargs")), **fields}
    if "role" not in plain and "type" not in plain:
        plain["role"] = "assistant"
    for key in ("content", "parts"):
        if isinstance(blocks := plain.get(key), list):
            plain[key] = [_block(block) for block in blocks]
    message = said(plain)
    if message is not None and not message.calls and message.text.startswith("[{"):
        # Koog writes the calls of a message as its content.
        written = said({"role": "assistant", "tool_calls": parsed(message.text)})
        if written is not None and written.calls:
            message.calls, message.text = written.calls, ""
    return message


def _block(block: Any) -> Any:
    fields = as_object(block)
    if fields.get("type") in ("text", "reasoning") and isinstance(fields.get("content"), str):
        return {"type": fields["type"], "text": fields["content"]}
    return block
