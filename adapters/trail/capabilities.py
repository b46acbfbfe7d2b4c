"""What nested OpenInference spans can tell: what spans can, see ``soma.adapters.otel.capabilities``.

Human labels of errors (TRAIL's annotations) are files of their own and no verdict on the task: success stays unknown
unless an evaluation span states it.
"""

from __future__ import annotations

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="Patronus / TRAIL nested OpenInference traces",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "sometimes",
        "error": "given",
        "started_at": "given",
        "duration_ms": "given",
        "tokens": "sometimes",
        "model": "sometimes",
        "success": "sometimes",
        "task": "sometimes",
        "operator": "sometimes",
    },
)
