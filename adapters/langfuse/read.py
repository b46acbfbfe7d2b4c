"""Bytes to records: JSON Lines of traces or observations, or one document of either."""

from __future__ import annotations

from soma.adapters.blocks.document import read_values
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Every line of the source, or its one document, as a record.

    Yields:
        Records whose values are not yet checked; ``Damage`` for what is no JSON or breaks a limit.
    """
    return read_values(source, limits)
