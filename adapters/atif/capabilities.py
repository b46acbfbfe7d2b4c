"""What an ATIF trajectory can tell.

It has no flag for a failed call, none for how the run ended, and no verdict: outcomes are read from what the tools
answered, and success stays unknown (Harbor keeps the reward in another file). Steps have one time, so durations are
unknown. What ``soma export`` put into ``extra.soma`` is read back as it was.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="ATIF trajectories (Harbor)",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
        "output": "given",
        "error": "sometimes",
        "alternatives": "sometimes",
        "confidence": "sometimes",
        "started_at": "sometimes",
        "duration_ms": "sometimes",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "success": "sometimes",
        "task": "sometimes",
        "parent": "sometimes",
    },
)
