"""What the spans of the Agents SDK can tell.

``response`` spans name neither model nor words, only usage; ``generation`` spans hold all three. Arguments and outputs
are missing where the application keeps sensitive data out of its traces. Nothing in a trace judges the task.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="OpenAI Agents SDK traces",
    fields={
        "reasoning": "sometimes", "arguments": "sometimes", "output": "sometimes", "error": "given",
        "started_at": "given", "duration_ms": "given", "tokens": "sometimes", "model": "sometimes",
        "task": "sometimes", "parent": "given", "operator": "sometimes",
    },
)  # fmt: skip
