"""What a trajectory can tell: every step with its thought, no clock time, and no verdict of its own.

Tokens and cost are known for the whole run only; success where a ``report.json`` of the evaluation lies beside.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="SWE-agent trajectories",
    fields={
        "reasoning": "given",
        "arguments": "given",
        "output": "given",
        "error": "sometimes",
        "duration_ms": "sometimes",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "success": "sometimes",
        "task": "given",
    },
)
