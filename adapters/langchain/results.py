"""What came back from a tool, in the forms LangChain has written it."""

from __future__ import annotations

from typing import Any

import msgspec

from soma.adapters.blocks.document import as_list, as_object, as_text

from .messages import body_of, content_text, encoded, speaker


class Result(msgspec.Struct, frozen=True, gc=False):
    """What came back from a tool: its text, and whether the framework marked it as an error it had handled."""

    text: str | None
    failed: bool
    call_id: str | None


def result_of(outputs: Any, call_id: str | None) -> Result:
    """What a tool run gave back, from a text, a message, a command that carries messages, or any value."""
    if isinstance(outputs, Result):
        return outputs
    fields = as_object(outputs)
    if not fields:
        return Result(as_text(outputs) or (encoded(outputs) if outputs else None), False, None)
    documents = fields.get("documents")
    if isinstance(documents, list):
        return Result("\n\n".join(_document_text(item) for item in documents), False, None)
    value = fields.get("output", fields)
    if value is None:
        return Result(None, False, None)
    if isinstance(value, str):
        return Result(value, False, None)
    message = _tool_message(value, call_id)
    if message is not None:
        return Result(content_text(message.get("content")), message.get("status") == "error",
                      as_text(message.get("tool_call_id")))  # fmt: skip
    return Result(encoded(value), False, None)


def _tool_message(value: Any, call_id: str | None) -> dict[str, Any] | None:
    """The tool message in a result; of several, the one that answers ``call_id``, else the last."""
    update = as_object(as_object(value).get("update"))
    candidates = as_list(update.get("messages")) if update else value if isinstance(value, list) else [value]
    messages = [body for item in candidates if speaker(body := body_of(item)) == "tool" and "content" in body]
    answer = next((body for body in messages if call_id and body.get("tool_call_id") == call_id), None)
    return answer or (messages[-1] if messages else None)


def _document_text(document: Any) -> str:
    fields = body_of(document)
    return as_text(fields.get("page_content")) or encoded(document)
