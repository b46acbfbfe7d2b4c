"""What the page shows beyond the report: the worst agents and the clearest differences, in full."""

from __future__ import annotations

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import briefing, divergence, process_map
from soma.synthesizer.jobs.briefing.model import Briefing
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.jobs.process_map.model import ProcessMap
from soma.synthesizer.jobs.report import PAIRS
from soma.synthesizer.jobs.report.model import Report

AGENTS_IN_FULL = 12
PAIRS_DRAWN = 6


class Point(msgspec.Struct, frozen=True):
    """The pressure after one decision; fields in the order of the columns of ``trajectory.sql``."""

    execution_id: str
    step: int
    pressure: float
    mode: str


class AgentFile(msgspec.Struct, frozen=True, kw_only=True):
    """One agent in full: its briefing, the map of its executions, the pressure over its last failed one."""

    briefing: Briefing
    map: ProcessMap
    trajectory: tuple[Point, ...]


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page is made of.

    Attributes:
        agents: Those with failures, the least healthy first. pairs: Those that differ and part, the clearest first.
    """

    report: Report
    agents: tuple[AgentFile, ...]
    pairs: tuple[Pair, ...]


def dossier(vault: Queryable, report: Report, *, agents: int = AGENTS_IN_FULL) -> Dossier:
    """Ask the vault for what the page shows beyond ``report``, which was made from the same snapshot.

    Args:
        vault: The snapshot; a ``Keeping`` one answers what the report asked already at once.
        report: The report.
        agents: So many agents are shown in full.
    """
    named = [agent.id for agent in report.agents if agent.failures][:agents]
    briefings = [briefing.run(vault, name, version=report.vault_version, level=report.level) for name in named]
    runs = [each.last_failed.execution_id for each in briefings if each.last_failed]
    points: dict[str, list[Point]] = {}
    for point in answer(vault, Point, __package__ or "", "trajectory", (runs,)):
        points.setdefault(point.execution_id, []).append(point)
    pairs = divergence.run(vault, level=report.level, limit=PAIRS).pairs
    return Dossier(
        report=report,
        agents=tuple(
            AgentFile(
                briefing=each,
                map=process_map.run(vault, name, level=report.level),
                trajectory=tuple(points.get(each.last_failed.execution_id, ())) if each.last_failed else (),
            )
            for name, each in zip(named, briefings, strict=True)
        ),
        pairs=tuple(pair for pair in pairs if pair.verdict == "different" and pair.parting)[:PAIRS_DRAWN],
    )
