"""What the sources can and cannot tell, field by field, and which of them yield nothing."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer

from .compute import coverage_of
from .model import Coverage, KnowsRow, SourceRow


def run(vault: Queryable) -> Coverage:
    """The matrix of formats and fields, and every source that is not wholly used."""
    return coverage_of(answer(vault, KnowsRow, __name__, "knows"), answer(vault, SourceRow, __name__, "sources"))
