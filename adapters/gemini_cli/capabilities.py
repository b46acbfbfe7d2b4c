"""What a Gemini CLI chat can tell."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Gemini CLI chats (session JSON and JSONL)",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
        "output": "given",
        "error": "given",
        "started_at": "given",
        "tokens": "given",
        "model": "given",
        "task": "sometimes",
        "parent": "sometimes",
    },
)
