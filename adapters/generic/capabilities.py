"""What conversations without a format of their own can tell."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="chat messages with tool calls (also group chats, tau-bench and InterCode results)",
    fields={
        "reasoning": "sometimes", "arguments": "given", "output": "given", "error": "sometimes",
        "started_at": "sometimes", "duration_ms": "sometimes", "tokens": "sometimes", "cost_usd": "sometimes",
        "model": "sometimes", "success": "sometimes", "task": "sometimes",
    },
)  # fmt: skip
