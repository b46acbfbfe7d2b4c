"""The jobs of a night: which there are, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from soma import clock

from .jobs import archetypes, briefing, divergence, drift, grade, health, insights, signatures, tasks, variants
from .kept import Keeping

JOBS: Mapping[str, Callable[[Keeping], object]] = {
    "health": health.run,
    "tasks": tasks.run,
    "signatures": signatures.run,
    "variants": variants.shown,
    "divergence": divergence.run,
    "drift": drift.run,
    "archetypes": archetypes.run,
    "grade": grade.run,
    "insights": insights.find,
    "briefing": briefing.keep,
}
"""The jobs whose whole answers are kept, in the order in which they use one another's."""


class JobRun(msgspec.Struct, frozen=True, rename="camel"):
    """One job of the run and the seconds it took."""

    job: str
    seconds: float


def run_job(name: str, vault: Keeping) -> JobRun:
    """Have one job answer."""
    started = clock.stopwatch()
    JOBS[name](vault)
    return JobRun(name, round(clock.stopwatch() - started, 3))
