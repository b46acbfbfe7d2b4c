"""Bytes to records: a batch (or a single trace or span) per line, or one document of them."""

from __future__ import annotations

from soma.adapters.blocks.document import read_values
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Every line of the source, or its one document, as a record.

    Yields:
        Records whose values are not yet checked; ``Damage`` for what is no JSON or breaks a limit.
    """
    return read_values(source, limits)
