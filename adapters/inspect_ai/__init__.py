"""Inspect AI: evaluation logs of versions 2 and 3, as ``.eval`` archives (also unfinished ones) and as ``.json``."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .original import original
from .read import read
from .sniff import sniff

ADAPTER = Adapter(
    name="inspect", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records, original=original
)
