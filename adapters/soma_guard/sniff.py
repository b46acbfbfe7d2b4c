"""Recognises a trail by the format each line names."""

from __future__ import annotations

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

FORMAT = "soma.guard"


def sniff(head: Head) -> Match | None:
    """Claims files of which a line says that it is a check of a guard."""
    if any(record.get("type") == FORMAT for record in head.records):
        return Match(confidence=1.0, variant="1", why=f"a line of type {FORMAT!r}")
    return None
