"""OpenTelemetry: spans of any language and instrumentation, one trace one execution.

Read are OTLP/JSON (a whole file, or one request per line as the collector writes it), OTLP protobuf (bare, or framed
by a varint or a four-byte length; needs ``pip install 'soma-harvest[otel]'``), the span lists that SDKs dump, and
any-agent traces. What a span means is told by ``conventions``: GenAI semantic conventions, OpenInference, OpenLLMetry,
Vercel AI.

One trace is one execution, ``otel:<trace id>``. A trace with several roots that each did agent work (a service that
never ends its trace) is one execution per root: ``otel:<trace id>~<root span id>``. A decision goes by the id of its
tool call, which the model's answer tells before the tool's own span arrives, so that it keeps its id while a trace
grows; without one it goes by its span id.
"""

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .conventions import VERSION
from .map import executions
from .read import read
from .sniff import sniff
from .ties import APART

ADAPTER = Adapter(
    name="otel", version=VERSION, capabilities=CAPABILITIES, sniff=sniff, read=read, map=executions, apart=APART
)
