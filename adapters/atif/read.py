"""Files to records: one trajectory a document, or one a line."""

from __future__ import annotations

from soma.adapters.blocks.document import read_values
from soma.source import Limits, Reading, Source


def read(source: Source, limits: Limits) -> Reading:
    """Records whose value is a trajectory as plain JSON values; ``Damage`` for what cannot be decoded."""
    yield from read_values(source, limits)
