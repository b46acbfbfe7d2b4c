"""Everything soma answers about a vault, in one file: ``soma-report.json``."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import archetypes, divergence, health

from .compute import report_of
from .model import InsightRow, KnowsRow, Report, SourceRow, UnusableRow

_PAIRS = 200


def run(vault: Queryable, *, now: int, version: int = 0, level: float = 0.95) -> Report:
    """The report.

    Args:
        vault: The snapshot to answer from.
        now: The instant to write into it, in epoch microseconds: ``soma.clock.now()``.
        version: The snapshot's version.
        level: Of all intervals.
    """
    return report_of(
        health.run(vault, version=version, level=level),
        divergence.run(vault, level=level, limit=_PAIRS),
        answer(vault, InsightRow, __name__, "insights"),
        answer(vault, SourceRow, __name__, "sources"),
        answer(vault, UnusableRow, __name__, "unusable"),
        answer(vault, KnowsRow, __name__, "knows"),
        archetypes=len(archetypes.run(vault).archetypes),
        now=now,
    )
