"""What Codex can tell."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Codex CLI rollouts and codex exec --json streams",
    fields={
        "reasoning": "sometimes",
        "arguments": "given",
        "output": "given",
        "error": "given",
        "started_at": "sometimes",
        "duration_ms": "sometimes",
        "tokens": "given",
        "model": "sometimes",
        "task": "sometimes",
        "parent": "sometimes",
    },
)
