"""Who may write what, checked at every commit: a writer says in which role it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from soma.errors import VaultError
from soma.schema import (
    AUDIT,
    BY_NAME,
    CALIBRATIONS,
    DECAYED,
    DECISIONS,
    EXECUTIONS,
    FIRING_OUTCOMES,
    FIRINGS,
    HARVESTED,
    PATHS,
    POLICIES,
    PRESSURE,
    PROPOSALS,
    RESULTS,
    TEAM_FINDINGS,
    VITALS,
    Table,
)

from .audit import chained, entries_of
from .canon import DECIDED_BY, rows_of, sound, undecided
from .delta import LiveTable
from .promise import last_promise
from .root import VaultRoot

if TYPE_CHECKING:
    from .writer import Changes, Replacement

Role = Literal["harvester", "synthesizer", "replay", "recorder", "governance", "keeper"]

MAY_WRITE: Mapping[Role, tuple[Table, ...]] = {
    "harvester": HARVESTED,
    "synthesizer": (PATHS, RESULTS, PROPOSALS, TEAM_FINDINGS, DECAYED, CALIBRATIONS),
    "replay": (PRESSURE, VITALS, FIRINGS, FIRING_OUTCOMES),
    "recorder": (FIRINGS, FIRING_OUTCOMES),
    "governance": (POLICIES, AUDIT, PROPOSALS),
    # Repairs take out what is broken and mark sources; they decide nothing.
    "keeper": HARVESTED,
}
"""Role to the tables it may change. Only ``governance`` writes to the canon, and the canon's readers write nothing."""


def require(vault: VaultRoot, role: Role, changes: Changes) -> None:
    """Refuse changes the role may not make. The caller holds the vault for writing.

    Raises:
        VaultError: naming the table and the rule; nothing is written then.
    """
    allowed = {table.name for table in MAY_WRITE[role]}
    touched = [*changes.replace, *([DECISIONS.name] if changes.decisions else [])]
    for name in touched:
        if name not in allowed:
            raise _refused(BY_NAME[name], f"the {role} may not write to it")
    if role == "synthesizer" and PROPOSALS.name in changes.replace:
        _decides_nothing(vault, changes.replace[PROPOSALS.name])
    if role == "governance":
        _is_audited(vault, changes)


def _refused(table: Table, why: str) -> VaultError:
    return VaultError(why, where=table.path, hint="nothing was written; docs/governance.md tells who may write what")


def _decides_nothing(vault: VaultRoot, parts: Sequence[Replacement]) -> None:
    """Only a person decides: whatever else changes, what is decided stays so and nothing else becomes so."""
    rows = LiveTable(vault.storage, PROPOSALS).read(["insight_id", "status"]).to_pylist()
    decided = {row["insight_id"]: row["status"] for row in rows if row["status"] in DECIDED_BY}
    after = dict(decided)
    for part in parts:
        for identity in part.values:
            after.pop(identity, None)
        for row in part.rows.select(["insight_id", "status"]).to_pylist():
            if row["status"] in DECIDED_BY:
                after[row["insight_id"]] = row["status"]
    if after != decided:
        some = sorted(dict(after.items() ^ decided.items()))[0]
        raise _refused(PROPOSALS, f"only a person decides on {some}: soma governance promote, reject or retire")


def _is_audited(vault: VaultRoot, changes: Changes) -> None:
    audit = changes.replace.get(AUDIT.name, [])
    if any(part.values for part in audit):
        raise _refused(AUDIT, "the audit is only ever added to")
    before = LiveTable(vault.storage, AUDIT).read().to_pylist()
    added = [row for part in audit for row in part.rows.to_pylist()]
    head = last_promise(LiveTable(vault.storage, EXECUTIONS)).audit
    chain = chained(entries_of([*before, *added]), key=vault.key(), head=head)
    if chain.findings:
        found = chain.findings[0]
        raise VaultError(f"the audit does not hold: {found.problem}", where=found.where,
                         hint="soma governance verify lists everything; restore the vault from a backup")  # fmt: skip
    proposals = [row for part in changes.replace.get(PROPOSALS.name, []) for row in part.rows.to_pylist()]
    if unsaid := undecided(((row["insight_id"], row["status"]) for row in proposals), chain):
        raise _refused(PROPOSALS, f"{unsaid[0].where}: {unsaid[0].problem}")
    canon = changes.replace.get(POLICIES.name, [])
    new = rows_of(row for part in canon for row in part.rows.to_pylist())
    good, problems = sound(new, chain)
    if len(good) < len(new):
        raise _refused(POLICIES, f"{problems[0].where}: {problems[0].problem}")
    stand, _ = sound(
        rows_of(LiveTable(vault.storage, POLICIES).read().to_pylist()), chained(entries_of(before), key=vault.key())
    )
    going = {value for part in canon for value in part.values}
    kept = {(row.policy_id, row.version) for row in new}
    for row in stand:
        if row.policy_id in going and (row.policy_id, row.version) not in kept:
            raise _refused(POLICIES, f"{row.name} may be retired, not taken out")
