"""Everything soma answers about a vault, in one file: ``soma-report.json``."""

from __future__ import annotations

from collections.abc import Sequence

from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import archetypes, coverage, divergence, drift, gates, grade, health, insights, secrets
from soma.synthesizer.jobs.health.compute import last_failed
from soma.synthesizer.jobs.health.model import Run, Status
from soma.synthesizer.kept import basis
from soma.synthesizer.queries import query

from .blindness import ProfileRow, matrix_of
from .changes import Earlier
from .compute import Parts, report_of, with_changes
from .graded import grades_of
from .model import Canon, InsightRow, KnowsRow, LedgerEntry, Policy, Report, Secret, SourceRow, UnusableRow
from .review import waiting
from .shifts import shifts_of
from .strain import StrainRow, strains_of
from .trials import BY, Trial, trial_of

__all__ = ["BY", "PAIRS", "Canon", "Policy", "run"]

PAIRS = 200
_PROPOSALS = 1000


def run(
    vault: Queryable, *, now: int, version: int = 0, level: float = 0.95, by: Sequence[str] = BY,
    earlier: Earlier | None = None, policies: Sequence[Policy] = (), canon: Sequence[Canon] = (),
) -> Report:  # fmt: skip
    """The report.

    Args:
        vault: The snapshot to answer from.
        now: The instant to write into it, in epoch microseconds: ``soma.clock.now()``.
        version: The snapshot's version.
        level: Of all intervals.
        by: Labels that may deal executions to arms; those no execution carries are passed over.
        earlier: An earlier report to tell the changes from.
        policies: What is in force. Whoever may read the canon gives it (``soma.api.reporting``): this package may
            not, and a row of it counts only with its audit.
        canon: The same as entries of the canon.
    """
    status = health.run(vault, version=version, level=level)
    made = report_of(
        status,
        divergence.run(vault, level=level, limit=PAIRS),
        answer(vault, InsightRow, __name__, "insights"),
        answer(vault, SourceRow, __name__, "sources"),
        answer(vault, UnusableRow, __name__, "unusable"),
        answer(vault, KnowsRow, __name__, "knows"),
        Parts(
            last_failed=_last_failed(vault, status),
            proposals=waiting(insights.run(vault, limit=_PROPOSALS).insights),
            gates=_gates(vault, by, level),
            drift=shifts_of(drift.run(vault, level=level)),
            pressure=strains_of(answer(vault, StrainRow, __name__, "pressure"), level),
            grades=grades_of(grade.run(vault, level=level)),
            coverage=matrix_of(coverage.run(vault), answer(vault, ProfileRow, __name__, "profiles")),
            secrets=[Secret(each.kind, each.replaced, each.different, each.sources)
                     for each in secrets.run(vault).kinds],
            ledger=answer(vault, LedgerEntry, __name__, "ledger"),
            policies=list(policies),
            canon=list(canon),
            archetypes=len(archetypes.run(vault).archetypes),
            basis=basis(vault),
            content=vault.sql(query(__name__, "content"))["digest"][0].as_py(),
        ),
        now=now,
    )  # fmt: skip
    return made if earlier is None else with_changes(made, earlier)


def _last_failed(vault: Queryable, status: Status) -> dict[str, Run]:
    runs: dict[str, list[Run]] = {}
    for run in health.runs_of(vault):
        runs.setdefault(run.agent_id, []).append(run)
    found = {agent.agent_id: last_failed(runs[agent.agent_id], agent.measure) for agent in status.agents}
    return {name: run for name, run in found.items() if run is not None}


def _gates(vault: Queryable, by: Sequence[str], level: float) -> list[Trial]:
    found = []
    for label in by:
        try:
            found.append(trial_of(gates.run(vault, label, level=level)))
        except NothingFound:
            continue
    return found
