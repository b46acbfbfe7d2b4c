"""OpenClaw and pi: session transcripts of all storage eras (JSONL v1 and v3, SQLite v4) and cron run logs."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .companions import companions, context
from .map import map_records
from .original import original
from .read import read
from .sniff import sniff

ADAPTER = Adapter(
    name="openclaw",
    version=1,
    capabilities=CAPABILITIES,
    sniff=sniff,
    read=read,
    map=map_records,
    companions=companions,
    context=context,
    original=original,
)
