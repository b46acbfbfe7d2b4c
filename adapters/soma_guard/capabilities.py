"""What a guard's trail can tell: the checks, not how the run that asked went on."""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="soma guard trail",
    fields={"reasoning": "sometimes", "arguments": "given", "started_at": "given", "duration_ms": "given",
            "parent": "given"},
)  # fmt: skip
