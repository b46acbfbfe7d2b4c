"""Chat messages in the forms LangChain has written them: what was said, which calls were asked for.

Serialised constructors (``{lc, type, id, kwargs}``), plain objects (``{type: "ai", ...}`` or ``{role: ...}``), the
older ``{type, data: {...}}`` and pairs (``["user", "text"]``) all become one flat body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, as_text

_HUMAN = ("human", "user")
_REQUEST_KEYS = ("messages", "input", "question", "query", "prompt", "prompts", "task", "text", "request")


class Call(msgspec.Struct, frozen=True):
    """A call a message asks for. ``call_id`` is empty where the provider gave none."""

    call_id: str
    name: str


def body_of(message: Any) -> dict[str, Any]:
    """The fields of a message, whichever way it was serialised; empty when it is none."""
    if isinstance(message, list) and len(message) == 2 and isinstance(message[0], str):
        return {"type": message[0], "content": message[1]}
    body = as_object(message)
    for wrapper in ("kwargs", "data"):
        inner = body.get(wrapper)
        if isinstance(inner, dict) and ("lc" in body or "content" in inner):
            path = as_list(body.get("id"))
            kind = path[-1] if body.get("type") == "constructor" and path else body.get("type")
            return {"type": kind, **inner}
    return body


def speaker(body: dict[str, Any]) -> str:
    """Who says it, in lower case: ``human``, ``user``, ``ai``, ``assistant``, ``tool``, ``system``..."""
    kind = as_text(body.get("type")) or as_text(body.get("role")) or ""
    return kind.lower().removesuffix("messagechunk").removesuffix("message")


def content_text(content: Any) -> str:
    """The text of a message's content; blocks are joined by line ends, pictures become ``[image]``."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return "" if content is None else encoded(content)
    return "\n".join(text for block in content if (text := _block_text(block)))


def _block_text(block: Any) -> str:
    if isinstance(block, str):
        return block
    fields = as_object(block)
    kind = as_text(fields.get("type")) or ""
    for key in ("text", "thinking", "reasoning"):
        if (text := as_text(fields.get(key))) is not None:
            return text
    if kind in {"tool_use", "tool_call", "tool_call_chunk", "function_call", "thinking", "reasoning", "text"}:
        return ""
    if "image" in kind:
        return "[image]"
    return f"[{kind}]" if kind else encoded(block)


def encoded(value: Any) -> str:
    """``value`` as JSON text; empty where it nests deeper than can be written."""
    try:
        return codec.encode(value)
    except (RecursionError, ValueError, TypeError, msgspec.MsgspecError):
        return ""


def said(body: dict[str, Any]) -> str | None:
    """What the model thought and said with a message, ``None`` when it only called."""
    extra = as_object(body.get("additional_kwargs"))
    thoughts = as_text(extra.get("reasoning_content")) or ""
    text = "\n".join(part for part in (thoughts, content_text(body.get("content"))) if part.strip())
    return text or None


def calls_of(body: dict[str, Any]) -> list[Call]:
    """The tool calls a message asks for, each once, in order."""
    found: dict[tuple[str, str], Call] = {}
    extra = as_object(body.get("additional_kwargs"))
    for number, item in enumerate((
        *as_list(body.get("tool_calls")),
        *as_list(extra.get("tool_calls")),
        *(block for block in as_list(body.get("content")) if as_object(block).get("type") == "tool_use"),
    )):  # fmt: skip
        call = as_object(item)
        name = as_text(call.get("name")) or as_text(as_object(call.get("function")).get("name"))
        call_id = as_text(call.get("id")) or ""
        if name is not None:
            found.setdefault((call_id, "" if call_id else f"{number}"), Call(call_id, name))
    legacy = as_text(as_object(extra.get("function_call")).get("name"))
    if legacy is not None and not found:
        return [Call("", legacy)]
    return list(found.values())


def answers(outputs: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages a model run gave: the first of every prompt's generations, or a provider's own response."""
    found: list[dict[str, Any]] = []
    for group in as_list(outputs.get("generations")):
        first = next(iter(group), None) if isinstance(group, list) else group
        generation = as_object(first)
        body = body_of(generation.get("message"))
        found.append(body if body else {"content": generation.get("text")})
    if found:
        return found
    for choice in as_list(outputs.get("choices")):
        return [body_of(as_object(choice).get("message"))]
    for key in ("message", "output"):
        if (body := body_of(outputs.get(key))) and "content" in body:
            return [body]
    spoken = [
        body for item in as_list(outputs.get("messages")) if speaker(body := body_of(item)) in {"ai", "assistant"}
    ]
    return spoken[-1:] or ([outputs] if "content" in outputs else [])


def request_text(inputs: Any) -> str | None:
    """The first thing a user asked for in a run's inputs: a human message, or the text of a usual input key."""
    if isinstance(inputs, str):
        return as_text(inputs)
    fields = as_object(inputs)
    for key in _REQUEST_KEYS:
        value = fields.get(key)
        if isinstance(value, str) and value:
            return value
        for message in _messages(value):
            body = body_of(message)
            if speaker(body) in _HUMAN and (text := content_text(body.get("content"))):
                return text
        if key == "prompts" and (prompts := [item for item in as_list(value) if isinstance(item, str) and item]):
            return prompts[0]
    return None


def _messages(value: Any) -> Iterator[Any]:
    # Inputs of chat models are a list of lists, one for every prompt; a pair is a message itself.
    if isinstance(value, dict):
        yield from [value] if "content" in value or "kwargs" in value else as_list(value.get("messages"))
        return
    for item in as_list(value):
        if isinstance(item, list) and not (len(item) == 2 and isinstance(item[0], str)):
            yield from item
        else:
            yield item
