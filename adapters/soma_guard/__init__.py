"""soma's own guard trail: what guards were asked and answered, one check per line."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="soma-guard", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
