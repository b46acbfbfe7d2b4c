"""Langfuse: exported traces with their observations, and exports of observations alone."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff
from .ties import APART

ADAPTER = Adapter(
    name="langfuse", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records, apart=APART
)
