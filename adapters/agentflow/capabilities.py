"""What an execution graph can tell about a run."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="AgentFlow execution graphs, run logs and patterns",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "sometimes",
        "error": "sometimes",
        "alternatives": "sometimes",
        "confidence": "sometimes",
        "started_at": "given",
        "duration_ms": "given",
        "tokens": "sometimes",
        "cost_usd": "never",
        "model": "sometimes",
        "success": "never",
        "task": "sometimes",
        "parent": "sometimes",
        "operator": "sometimes",
    },
)
