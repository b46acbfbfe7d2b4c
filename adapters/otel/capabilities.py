"""What spans can tell about a run.

Outcome of a tool span: an error status, ``error.type``, an exception event or an error the framework handled (and wrote
into the output) is a failure; a set status is believed. Hardly any SDK ever sets ``OK``, so an *unset* status counts as
``ok`` when the span ended and recorded what the tool answered; without an answer or an end it stays ``unknown``.
"""

from soma.adapters.contract import Capabilities

CAPABILITIES = Capabilities(
    title="OpenTelemetry traces (GenAI, OpenInference, OpenLLMetry, Vercel AI)",
    fields={
        "reasoning": "sometimes",
        "arguments": "sometimes",
        "output": "sometimes",
        "error": "given",
        "started_at": "given",
        "duration_ms": "given",
        "tokens": "sometimes",
        "cost_usd": "sometimes",
        "model": "sometimes",
        "success": "sometimes",
        "task": "sometimes",
        "operator": "sometimes",
    },
)
