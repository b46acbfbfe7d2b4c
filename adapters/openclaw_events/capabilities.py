"""What OpenClaw's events can tell.

A result's ``success`` says that the tool came back, not that its command went well: the exit code in the result decides
where it was recorded. Telemetry records no results, so a shell command that came back is ``unknown`` unless the
messages at the end of the turn hold what it answered.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="OpenClaw trajectory events and telemetry",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
        "output": "sometimes",
        "error": "sometimes",
        "started_at": "sometimes",
        "duration_ms": "sometimes",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "task": "sometimes",
    },
)
