"""Action enrichment, one place for all adapters: a tool call becomes the name of what was chosen."""

from __future__ import annotations

from .enrich import Enriched, enrich

__all__ = ["Enriched", "enrich"]
