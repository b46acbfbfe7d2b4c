"""OpenAI Agents SDK: the traces and spans its exporter sends, in batches or one by one."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff
from .ties import APART

ADAPTER = Adapter(
    name="openai-agents", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records, apart=APART
)
