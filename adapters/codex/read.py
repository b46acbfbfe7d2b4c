"""Reading a rollout or a stream: one JSON object per line."""

from __future__ import annotations

from soma.adapters.blocks.jsonl import read_lines
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Every line as a record; a torn last line waits for the next harvest."""
    return read_lines(source, limits)
