"""Rows for tables that real traces leave empty: what persons, nights and deployments would have put there."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from soma import clock
from soma.schema import (
    CALIBRATIONS,
    DECAYED,
    FIRING_OUTCOMES,
    FIRINGS,
    OUTCOMES,
    PROPOSALS,
    RESULTS,
    TEAM_FINDINGS,
    Table,
)
from soma.vault import VaultRoot
from soma.vault.permissions import Role
from soma.vault.writer import Changes

_DEFAULTS: dict[str, Any] = {
    "string": "x", "int32": 1, "int64": 1, "double": 0.5, "bool": True,
    "timestamp": clock.to_datetime(1_700_000_000_000_000), "list": ["a", "b"],
    "ints": [1], "doubles": [0.5, None], "map": [("k", "v")],
}  # fmt: skip


def rows(table: Table, *given: dict[str, Any]) -> pa.Table:
    """A row for each of ``given``: other columns hold a plain value, or NULL where that is allowed."""
    filled = [
        {column.name: None if column.nullable else _DEFAULTS[column.type] for column in table.columns} | row
        for row in given
    ]
    return pa.Table.from_pylist(filled, schema=table.arrow())


def add_seeds(root: VaultRoot, agent: str, ended: str) -> None:
    """Commit rows of every such table, each by who may.

    Args:
        root: The vault.
        agent: Whom findings are about.
        ended: An execution that is said to have failed.
    """
    finding = {"agents": [agent], "status": "pending", "evidence": [ended]}
    findings = [
        finding | {"insight_id": f"i{place}", "confidence": place / 7, "subject": f"s{place}"} for place in range(4)
    ]
    gone = [one | {"status": "decayed", "decayed_from": "emerging"} for one in findings]
    each: tuple[tuple[Role, Table, str, pa.Table], ...] = (
        ("synthesizer", RESULTS, "basis", rows(RESULTS, {"job": "signatures", "basis": "b"})),
        ("synthesizer", PROPOSALS, "insight_id", rows(PROPOSALS, *findings)),
        ("synthesizer", TEAM_FINDINGS, "insight_id", rows(TEAM_FINDINGS, *findings)),
        ("synthesizer", DECAYED, "insight_id", rows(DECAYED, *gone)),
        ("harvester", OUTCOMES, "key", rows(OUTCOMES, {"key": ended, "success": False, "score": 0.25})),
        ("recorder", FIRINGS, "firing_id", rows(FIRINGS, *(
            {"firing_id": f"f{place}", "source": "hook", "arm": ("treatment", "control")[place % 2], "dealt": place,
             "execution_id": ended if place else None} for place in range(5)))),
        ("recorder", FIRING_OUTCOMES, "firing_id", rows(FIRING_OUTCOMES, *(
            {"firing_id": f"f{place}", "horizon": horizon, "recovered": None if place == 3 else place > 1}
            for place in range(4) for horizon in (0, 1, 5)))),
        ("synthesizer", CALIBRATIONS, "calibration_id", rows(CALIBRATIONS, *(
            {"calibration_id": f"c{after}", "after": after} for after in (5, 10)))),
    )  # fmt: skip
    with root.writer() as writer:
        for role, table, key, made in each:
            changes = Changes()
            changes.add(table, key, set(made[key].to_pylist()), made)
            writer.commit(changes, role=role)
