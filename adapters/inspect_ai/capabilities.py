"""What an Inspect log can tell: nearly everything where events were logged, calls and results where messages were."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Inspect AI evaluation logs",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "sometimes",
        "error": "sometimes",
        "started_at": "sometimes",
        "duration_ms": "sometimes",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "given",
        "success": "sometimes",
        "task": "given",
    },
)
