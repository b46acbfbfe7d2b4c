"""The pressure of agents as the report tells it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from soma.synthesizer import stats

from .ground import Count, Proportion, Share, proportion_of, rounded


class Strain(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the pressure engine answered over an agent's executions, each replayed with a fresh engine.

    ``shareWarn`` and ``shareBlock`` are shares of decisions; decisions of one run hang together, so these have no
    interval. ``reachedWarn`` counts runs, and has one.
    """

    agent: str
    executions: Count
    decisions: Count
    peak: Share
    peak_execution: str
    peak_step: Count | None
    observe: Count
    guide: Count
    warn: Count
    block: Count
    share_warn: Share | None
    share_block: Share | None
    reached_warn: Proportion


class StrainRow(msgspec.Struct, frozen=True):
    """One agent's replayed executions; fields in the order of the columns of ``pressure.sql``."""

    agent_id: str
    executions: int
    warned: int
    peak: float
    peak_execution: str
    peak_step: int | None
    observe: int
    guide: int
    warn: int
    block: int


def strain_of(row: StrainRow, level: float) -> Strain:
    """One agent."""
    decisions = row.observe + row.guide + row.warn + row.block
    return Strain(
        agent=row.agent_id,
        executions=row.executions,
        decisions=decisions,
        peak=rounded(row.peak),
        peak_execution=row.peak_execution,
        peak_step=row.peak_step,
        observe=row.observe,
        guide=row.guide,
        warn=row.warn,
        block=row.block,
        share_warn=_share(row.warn + row.block, decisions),
        share_block=_share(row.block, decisions),
        reached_warn=proportion_of(stats.proportion(row.warned, row.executions, level)),
    )


def strains_of(rows: Sequence[StrainRow], level: float) -> list[Strain]:
    """All agents that were replayed, the highest peak first."""
    return sorted((strain_of(row, level) for row in rows), key=lambda each: (-each.peak, each.agent))


def _share(part: int, whole: int) -> float | None:
    return rounded(part / whole) if whole else None
