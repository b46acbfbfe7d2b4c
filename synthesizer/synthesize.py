"""The nightly run: all jobs over what is new, their answers kept, their findings proposed.

Everything is made from one pinned snapshot and committed in one step; a run that is killed leaves the vault as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from soma import clock, codec
from soma.config import TaskRule, TeamRule
from soma.schema import DECAYED, PROPOSALS, RESULTS, TEAM_FINDINGS, Table
from soma.synthesizer.agents import team_names
from soma.synthesizer.jobs import (
    archetypes,
    briefing,
    divergence,
    drift,
    grade,
    health,
    insights,
    signatures,
    tasks,
    variants,
)
from soma.vault import Snapshot, VaultRoot
from soma.vault.derived import add_missing_paths
from soma.vault.writer import Changes

from .kept import Keeping, basis
from .queries import query

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


class Synthesis(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a nightly run did.

    Attributes:
        version: The vault's version afterwards.
        nothing_new: Whether everything was answered already: nothing was read, only old findings were looked through.
        executions: Executions the vault shows.
        replayed: Executions whose pressure was replayed.
        paths: Paths that were new.
        jobs: The jobs that ran.
        found: Findings proposed for the first time.
        confirmed: Findings seen before that were found again.
        unconfirmed: Findings of earlier runs that were not found again and have not decayed yet.
        decayed: Findings moved to the archive.
        contradictions: Pairs of findings that cannot hold together.
    """

    version: int
    nothing_new: bool
    executions: int
    replayed: int
    paths: int
    jobs: tuple[JobRun, ...]
    found: int
    confirmed: int
    unconfirmed: int
    decayed: int
    contradictions: int


def synthesize(
    root: VaultRoot,
    *,
    now: int,
    task_rules: Sequence[TaskRule] = (),
    team_rules: Sequence[TeamRule] = (),
    told: Callable[[str], None] = lambda _: None,
    replay: Callable[[VaultRoot], int] | None = None,
) -> Synthesis:
    """Bring everything that is made from the archive up to date.

    Args:
        root: The vault.
        now: The instant findings are dated with, in epoch microseconds: ``soma.clock.now()``.
        task_rules: The project's rules about tasks.
        team_rules: Its rules about teams.
        told: Called with the name of each job as it starts.
        replay: Keeps the pressure of what is new, so that jobs find it; tells of how many executions. It is given by
            whoever may import the pressure engine: ``soma.pressure.replay.keep``.

    Raises:
        VaultMissing: if nothing was harvested yet.
        VaultLocked: if another writer holds the vault.
    """
    replayed = 0
    if replay is not None:
        told("pressure")
        replayed = replay(root)
    snapshot = root.snapshot(task_rules, team_rules)
    vault = Keeping(snapshot)
    paths = 0
    runs: list[JobRun] = []
    changes = Changes()
    findings: Sequence[insights.Finding] | None = None
    in_teams: dict[str, Sequence[insights.Finding]] = {}
    fresh = bool(snapshot.sql(query(__package__, "answered"), (basis(vault),))["answers"][0].as_py())
    if not fresh:
        told("paths")
        paths = _add_paths(root)
        newest = root.snapshot(task_rules, team_rules).settled()
        vault = Keeping(newest)
        for name, job in JOBS.items():
            told(name)
            started = clock.stopwatch()
            job(vault)
            runs.append(JobRun(name, round(clock.stopwatch() - started, 3)))
        findings = insights.find(vault).findings
        for team in team_names(newest):
            told(f"team {team}")
            in_teams[team] = insights.find(Keeping(newest.of_team(team))).findings
        _keep(vault, changes)
    with root.writer() as writer:
        # Read under the lock: a person may have decided on a proposal while the jobs ran.
        present = root.snapshot()
        merged = insights.merge(insights.known(present), findings, now=now)
        _keep_findings(merged, PROPOSALS, now, changes)
        for team in sorted({*in_teams, *_teams_kept(present)}):
            found = in_teams.get(team, None if fresh else ())
            _keep_findings(insights.merge(insights.known(present, team), found, now=now, team=team), TEAM_FINDINGS, now,
                           changes, team_id=team)  # fmt: skip
        version = writer.commit(changes, role="synthesizer")
    return Synthesis(
        version=version,
        nothing_new=fresh,
        executions=int(snapshot.sql(query(__package__, "executions"))["executions"][0].as_py()),
        replayed=replayed,
        paths=paths,
        jobs=tuple(runs),
        found=merged.found,
        confirmed=merged.confirmed,
        unconfirmed=merged.unconfirmed,
        decayed=len(merged.gone),
        contradictions=len(insights.pairs_of(merged.proposals)),
    )


def _add_paths(root: VaultRoot) -> int:
    paths, more = 0, True
    while more:
        changes = Changes()
        with root.writer() as writer:
            # Looked for under the lock: of two runs at once the second finds none missing.
            added, more = add_missing_paths(root.snapshot(), changes)
            writer.commit(changes, role="synthesizer")
        paths += added
    return paths


def _keep(vault: Keeping, changes: Changes) -> None:
    """Let ``changes`` replace all kept answers by those of this run."""
    import pyarrow as pa

    made_from = basis(vault)
    rows = [
        {"job": job, "parameters": parameters, "basis": made_from, "answer": codec.encode(answer)}
        for (job, parameters), answer in sorted(vault.answers.items())
    ]
    old = set(vault.sql(query(__package__, "bases"))["basis"].to_pylist())
    changes.add(RESULTS, "basis", old | {made_from}, pa.Table.from_pylist(rows, schema=RESULTS.arrow()))


def _teams_kept(vault: Snapshot) -> list[str]:
    found: list[str] = vault.sql(query(__package__, "teams"))["team_id"].to_pylist()
    return found


def _keep_findings(merged: insights.Merged, table: Table, now: int, changes: Changes, **place: str) -> None:
    import pyarrow as pa

    if merged.changed:
        ids = {item.insight_id for item in (*merged.proposals, *merged.gone)}
        rows = [_row(item) | place for item in merged.proposals]
        changes.add(table, "insight_id", ids, pa.Table.from_pylist(rows, schema=table.arrow()))
    if merged.gone:
        rows = [
            {**_row(item), "status": "decayed", "decayed_from": table.layer, "decayed_at": clock.to_datetime(now)}
            for item in merged.gone
        ]
        changes.add(DECAYED, "insight_id", set(), pa.Table.from_pylist(rows, schema=DECAYED.arrow()))


def _row(item: insights.Insight) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.structs.asdict(item)
    return row | {name: clock.to_datetime(row[name]) for name in ("first_seen_at", "seen_at", "decay_at")}
