"""LangChain and LangSmith: run trees, as exported rows, as nested tracer objects, or as ingest operations."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff
from .ties import APART

ADAPTER = Adapter(
    name="langchain", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records, apart=APART
)
