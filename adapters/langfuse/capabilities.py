"""What a Langfuse export can tell.

Langfuse stores what a framework's instrumentation sent it, so nearly everything is there only sometimes. A run is
judged where scores were exported with it.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Langfuse exports",
    fields={
        "reasoning": "sometimes", "arguments": "given", "output": "given", "error": "sometimes",
        "started_at": "given", "duration_ms": "given", "tokens": "sometimes", "cost_usd": "sometimes",
        "model": "sometimes", "success": "sometimes", "task": "sometimes", "parent": "given", "operator": "sometimes",
    },
)  # fmt: skip
