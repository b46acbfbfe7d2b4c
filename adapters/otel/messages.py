"""Chat messages in the spellings of all conventions as one small structure: who says, calls and answers what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text

from . import conventions, usual
from .conventions import first
from .names import Names, names_of
from .numbered import indexed, planted
from .values import Result, arguments_of, flattened, parsed, result_of, says_failed, text_of
from .wire import WireEvent

_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "aimessage": "assistant", "humanmessage": "user",
          "toolmessage": "tool", "systemmessage": "system", "function": "tool"}  # fmt: skip
_CALL_KINDS = frozenset({"tool_call", "tool-call", "tool_use", "function_call"})
_RESULT_KINDS = frozenset({"tool_call_response", "tool-result", "tool_result", "function_call_output"})
_QUESTION_KEYS = ("input", "question", "query", "prompt", "task", "goal", "user_input", "text", "message", "request")
_ENVELOPES = ("inputs", "input", "kwargs", "data")


class Call(msgspec.Struct, gc=False):
    """A tool call a model asked for."""

    call_id: str | None
    name: str
    arguments: Any


class Message(msgspec.Struct, gc=False):
    """One chat message."""

    role: str
    text: str | None
    calls: list[Call]
    results: list[Result]


def input_messages(attributes: Mapping[str, Any], events: Iterable[WireEvent], names: Names) -> list[Message]:
    """What the model was given, oldest first; ``names`` are those that the attributes have."""
    numbered = _numbered(attributes, conventions.NUMBERED_INPUT) if names.numbered_input else None
    if numbered:
        return numbered
    found = _messages(first(attributes, names.input_messages)) if names.input_messages else None
    if not found and not events:
        return []
    return found or _from_events(events, ("gen_ai.input.messages", "gen_ai.prompt"), ("gen_ai.user.message",))


def output_messages(
    attributes: Mapping[str, Any], events: Iterable[WireEvent], names: Names | None = None
) -> list[Message]:
    """What the model said; ``names`` are those that the attributes have, where they are known already."""
    names = names or names_of(attributes)
    found = _numbered(attributes, conventions.NUMBERED_OUTPUT) if names.numbered_output else []
    if not found and names.output_messages:
        found = _messages(first(attributes, names.output_messages))
    if not found and (reply := _vercel_reply(attributes, names)) is not None:
        found = [reply]
    if not found and events:
        found = _from_events(events, ("gen_ai.output.messages", "gen_ai.completion"), ("gen_ai.choice",))
    return found or _messages(first(attributes, names.reply_raw))


def spoken(messages: Iterable[Message]) -> str | None:
    """The text of messages, joined."""
    return "\n".join(message.text for message in messages if message.text) or None


def user_text(messages: Iterable[Message]) -> str | None:
    """The first thing a user says."""
    return next((message.text for message in messages if message.role == "user" and message.text), None)


def request_in(value: Any) -> str | None:
    """The request in the recorded input of a run: chat messages, one of the usual keys, or plain text."""
    found = parsed(value)
    for _ in range(4):
        if not isinstance(found, dict):
            break
        if "messages" in found:
            return user_text(_messages(found["messages"]))
        for key in _QUESTION_KEYS:
            if (text := as_text(found.get(key))) is not None:
                return text
        found = next((found[key] for key in _ENVELOPES if isinstance(found.get(key), dict | list)), None)
    if isinstance(found, list):
        return user_text(_messages(found))
    return as_text(found)


def _messages(value: Any) -> list[Message]:
    if (spoken := usual.spoken_in(value)) is not None:
        return [_usual(message) for message in spoken]
    found = parsed(value)
    if isinstance(found, dict):
        if isinstance(found.get("generations"), list):
            # LangChain writes a list of answers for each of a list of prompts.
            found = [_generation(item) for group in found["generations"] for item in _group(group)[:1]]
        elif "messages" in found:
            found = found["messages"]
        elif "prompt" in found:
            return [Message("user", text_of(found["prompt"]), [], [])]
        else:
            found = [found]
    if isinstance(found, str):
        return [Message("assistant", found, [], [])] if found else []
    items = as_list(found)
    if len(items) == 1 and isinstance(items[0], list) and not _is_pair(items[0]):
        items = items[0]
    if items and all(isinstance(item, dict) and "tool.name" in item for item in items):
        return [Message("assistant", None, [_any_agent_call(item) for item in items], [])]
    return [message for item in items if (message := message_of(item)) is not None]


def _usual(spoken: usual.Spoken) -> Message:
    texts: list[str] = []
    calls: list[Call] = []
    for part in spoken.parts:
        if isinstance(part, usual.Asked):
            calls.append(Call(part.id, part.name, arguments_of(part.arguments)))
        elif part.content:
            texts.append(part.content)
    text = texts[0] if len(texts) == 1 else "\n".join(texts) or None
    role = _role(spoken.role)
    return Message(role, None, calls, [Result(text)]) if role == "tool" else Message(role, text, calls, [])


def _group(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _generation(value: Any) -> Any:
    generation = as_object(value)
    return generation.get("message") or {"role": "assistant", "content": generation.get("text")}


def _any_agent_call(item: dict[str, Any]) -> Call:
    return Call(None, as_text(item.get("tool.name")) or "", arguments_of(item.get("tool.args")))


def message_of(value: Any) -> Message | None:
    """One message, whichever SDK wrote it; ``None`` for what is no message."""
    if isinstance(value, list) and _is_pair(value):
        return Message(_role(value[0]), flattened(value[1]), [], [])
    fields = as_object(value)
    kind = as_text(fields.get("type")) or ""
    for key in ("kwargs", "data", "message"):
        if key in fields and isinstance(inner := fields[key], dict):
            kind = _class_name(fields) or kind
            fields = inner
            break
    if not fields:
        return None
    message = Message(_role(as_text(fields.get("role")) or as_text(fields.get("type")) or kind), None, [], [])
    texts = _read_blocks(fields, message)
    message.calls.extend(_calls(fields))
    call_id = as_text(fields.get("tool_call_id"))
    if call_id is not None or (message.role == "tool" and not message.results):
        message.results.append(Result("\n".join(texts) or None, says_failed(fields), call_id))
    elif texts:
        message.text = "\n".join(texts)
    return message


def _is_pair(value: list[Any]) -> bool:
    """Whether a list is a message written as role and text."""
    return len(value) == 2 and isinstance(value[0], str)


def _class_name(fields: dict[str, Any]) -> str | None:
    path = fields.get("id")
    return as_text(path[-1]) if isinstance(path, list) and path else None


def _role(name: str) -> str:
    return _ROLES.get(name.lower(), name.lower()) or "assistant"


def _read_blocks(fields: dict[str, Any], message: Message) -> list[str]:
    """The texts of a message's content, with its calls and results put into ``message``."""
    texts: list[str] = []
    if (thought := as_text(fields.get("reasoning_content"))) is not None:
        texts.append(thought)
    for key in ("content", "contents", "parts"):
        if key not in fields:
            continue
        content = indexed(fields[key])
        for item in content if isinstance(content, list) else [content]:
            block = as_object(item)
            block = as_object(block.get("message_content")) or block
            kind = as_text(block.get("type")) or ""
            if kind in _CALL_KINDS:
                message.calls.append(_call(block))
            elif kind in _RESULT_KINDS:
                message.results.append(_result(block))
            elif kind in ("reasoning", "thinking"):
                text = as_text(block.get("text")) or as_text(block.get("content")) or as_text(block.get("thinking"))
                texts.extend([text] if text else [])
            elif (text := flattened([block] if block else item)) is not None:
                texts.append(text)
    return texts


def _calls(fields: dict[str, Any]) -> list[Call]:
    calls = []
    if "tool_calls" in fields:
        for item in as_list(indexed(fields["tool_calls"])):
            call = as_object(item)
            calls.append(_call(as_object(call.get("tool_call")) or call))
    if not calls and "function_call" in fields and as_text((legacy := as_object(fields["function_call"])).get("name")):
        calls.append(_call(legacy))
    return calls


def _call(item: dict[str, Any]) -> Call:
    function = as_object(item.get("function"))
    name = first(item, ("name", "toolName", "tool_name")) or function.get("name")
    arguments = first(item, ("arguments", "args", "input"))
    if arguments is None:
        arguments = function.get("arguments")
    call_id = first(item, ("id", "toolCallId", "tool_call_id", "call_id"))
    return Call(as_text(call_id), as_text(name) or "", arguments_of(arguments))


def _result(block: dict[str, Any]) -> Result:
    answer = first(block, ("response", "output", "result", "content"))
    if isinstance(answer, list):
        found = Result(flattened(answer))
    elif isinstance(answer, dict) and isinstance(answer.get("type"), str) and "value" in answer:
        found = Result(text_of(answer["value"]), answer["type"].startswith("error"))
    else:
        found = result_of(answer)
    call_id = as_text(first(block, ("id", "toolCallId", "tool_use_id", "call_id")))
    return Result(found.text, found.failed or says_failed(block), call_id)


def _vercel_reply(attributes: Mapping[str, Any], names: Names) -> Message | None:
    texts = [text_of(first(attributes, some)) for some in (names.reply_reasoning, names.reply_text)]
    calls = [_call(as_object(item)) for item in as_list(parsed(first(attributes, names.reply_calls)))]
    text = "\n".join(text for text in texts if text)
    return Message("assistant", text or None, calls, []) if text or calls else None


def _from_events(events: Iterable[WireEvent], names: tuple[str, ...], kinds: tuple[str, ...]) -> list[Message]:
    found: list[Message] = []
    for event in events:
        if not event.name.startswith("gen_ai."):
            continue
        if (held := first(event.attributes, names)) is not None:
            found.extend(_messages(held))
        elif event.name in kinds:
            message = message_of(parsed(event.attributes.get("message")) or event.attributes)
            found.extend([message] if message is not None else [])
    return found


def _numbered(attributes: Mapping[str, Any], names: tuple[str, ...]) -> list[Message]:
    items = indexed(planted(attributes, names))
    return [message for item in as_list(items) if (message := message_of(item)) is not None]
