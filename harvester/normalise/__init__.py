"""From what an adapter says to what the vault holds: names, ids, digests, redaction and bounds, for all formats."""

from __future__ import annotations

from .bounds import VERSION, reader_version
from .extent import Extent, Tables
from .normaliser import Item, Normaliser

__all__ = ["VERSION", "Extent", "Item", "Normaliser", "Tables", "reader_version"]
