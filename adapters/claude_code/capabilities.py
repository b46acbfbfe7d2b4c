"""What a Claude Code session can tell."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Claude Code sessions (project JSONL, sub-agent files, loglines exports)",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
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
