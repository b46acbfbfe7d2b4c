"""What a LangChain run tree can tell.

Success and task are there only where somebody evaluated the run or named the task in its metadata; tokens and cost
only where the model's provider reported them.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="LangChain / LangSmith runs",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
        "output": "given",
        "error": "given",
        "started_at": "given",
        "duration_ms": "given",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "success": "sometimes",
        "task": "sometimes",
        "parent": "given",
    },
)
