"""The vault: four layers of Delta tables on parquet, one writer at a time, readers on one snapshot."""

from __future__ import annotations

from .root import VaultRoot
from .snapshot import Snapshot
from .writer import Changes, Writer

__all__ = ["Changes", "Snapshot", "VaultRoot", "Writer"]
