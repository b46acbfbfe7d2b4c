"""Patronus / TRAIL: OpenInference spans nested in one another, ``{trace_id, spans: [{child_spans, span_attributes}]}``.

The spans are those of OpenTelemetry in another spelling, so they are translated into flat ones and read by the rules of
``otel`` itself. Ids are the same too, ``otel:<trace id>``: a trace kept in both forms is one execution, and the fuller
reading of the two stands. One thing is added: smolagents' agents act inside Python and record hardly any tool span, so
a CHAIN span ``Step N`` stands for the call its model asked for, or the code it wrote.
"""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import executions
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="trail", version=2, capabilities=CAPABILITIES, sniff=sniff, read=read, map=executions)
