"""Files to records: one event a line."""

from __future__ import annotations

from soma.adapters.blocks.jsonl import read_lines
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Records whose value is an event as plain JSON values; ``Damage`` for what cannot be decoded."""
    yield from read_lines(source, limits)
