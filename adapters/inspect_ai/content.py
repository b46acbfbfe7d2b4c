"""Texts of a sample: attachments put back, content parts flattened, reasoning told from speech."""

from __future__ import annotations

from typing import Any

from soma import codec
from soma.adapters.blocks.document import as_list, as_object, as_text

_ATTACHED = ("attachment://", "tc://")
_DEEPEST = 32


class Texts:
    """Reads the texts of one sample.

    Args:
        attachments: Its long texts by hash, to which messages and events refer.
    """

    def __init__(self, attachments: Any) -> None:
        self._attachments = as_object(attachments)

    def resolved(self, value: Any, depth: int = 0) -> Any:
        """``value`` with all attachments in it put back, down to a depth no argument needs."""
        if isinstance(value, str):
            return self._text(value)
        if depth >= _DEEPEST:
            return value
        if isinstance(value, list):
            return [self.resolved(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.resolved(item, depth + 1) for key, item in value.items()}
        return value

    def flat(self, content: Any) -> str | None:
        """A message's content or a tool's result as text; what is no text becomes ``[image]`` and the like.

        ``None`` when there is nothing at all.
        """
        if content is None or isinstance(content, str):
            return None if content is None else self._text(content)
        parts = [self._part(part) for part in (content if isinstance(content, list) else [content])]
        return "\n".join(part for part in parts if part is not None)

    def reasoning(self, message: dict[str, Any]) -> str | None:
        """Why a model did what it did: its reasoning where the log has it, else what it said beside the calls."""
        content = message.get("content")
        thoughts = [self._thought(as_object(part)) for part in as_list(content)]
        thought = "\n".join(text for text in thoughts if text) or as_text(message.get("reasoning"))
        return thought or as_text(self.flat(content))

    def _text(self, text: str) -> str:
        for prefix in _ATTACHED:
            if text.startswith(prefix):
                attached = self._attachments.get(text.removeprefix(prefix))
                return attached if isinstance(attached, str) else text
        return text

    def _part(self, part: Any) -> str | None:
        if isinstance(part, str):
            return self._text(part)
        fields = as_object(part)
        kind = as_text(fields.get("type"))
        if kind == "reasoning":
            return None
        if isinstance(text := fields.get("text"), str):
            return self._text(text)
        return f"[{kind}]" if kind else _encoded(part)

    def _thought(self, part: dict[str, Any]) -> str | None:
        if part.get("type") != "reasoning":
            return None
        # Redacted reasoning is ciphertext; a summary of it may be given.
        told = part.get("summary") if part.get("redacted") is True else part.get("reasoning") or part.get("summary")
        return self._text(told) if isinstance(told, str) else None


def _encoded(value: Any) -> str:
    try:
        return codec.encode(value)
    except RecursionError:
        return "[nested too deeply]"
