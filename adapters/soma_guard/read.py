"""Bytes to records: one check per line."""

from __future__ import annotations

from soma.adapters.blocks.jsonl import read_lines
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Every line as a record.

    Yields:
        Records whose values are not yet checked; ``Damage`` for what is no JSON or breaks a limit.
    """
    return read_lines(source, limits)
