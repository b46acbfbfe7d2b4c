"""What an OpenClaw transcript can tell.

Nothing in it says whether the task was achieved: a cron job's status and a model's last words are not success. Tasks
have names only where cron started them; cost is there where the model's provider has a price. Of a call to a tool that
does not exist OpenClaw keeps the answer alone, without the arguments.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="OpenClaw / pi sessions and cron runs",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "given",
        "error": "given",
        "started_at": "given",
        "duration_ms": "given",
        "tokens": "given",
        "cost_usd": "sometimes",
        "model": "given",
        "task": "sometimes",
        "parent": "sometimes",
    },
)
