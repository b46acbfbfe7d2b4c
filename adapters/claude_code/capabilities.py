"""What a Claude Code session can tell.

Old exports and hand-made files lack models and tokens; a result whose call stands in another file tells neither what
the tool was called with nor how long it took.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Claude Code sessions (project JSONL, sub-agent files, loglines exports)",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "given",
        "error": "given",
        "started_at": "given",
        "duration_ms": "sometimes",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "task": "sometimes",
        "parent": "sometimes",
    },
)
