"""The rows of a vault's tables as they are stored, and harvests by every kind of worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from soma.engine.pool import workers_of
from soma.engine.session import EngineSession
from soma.harvester.harvest import Options, harvest
from soma.harvester.options import Progress
from soma.harvester.summary import Summary
from soma.schema import DECISIONS, TABLES
from soma.vault import VaultRoot
from soma.vault.delta import LiveTable


def stored(vault: Path) -> dict[str, list[str]]:
    """Every stored row of every table with all its columns, sorted; also those that a later reading has replaced."""
    snapshot = VaultRoot(vault).snapshot()
    return {table.path: sorted(map(repr, snapshot.read(table).to_pylist())) for table in TABLES}


def harvest_with(
    session: EngineSession, vault: Path, *paths: Path, on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Summary:  # fmt: skip
    """Harvest by the workers of an engine."""
    root = VaultRoot(vault)
    return harvest([str(path) for path in paths], root, Options(**options), on_progress, workers_of(session, root))


def orphans(vault: Path) -> set[str]:
    """Names of the files in the table of decisions that no commit names."""
    folder = vault / DECISIONS.path
    return {path.name for path in folder.glob("*.parquet")} - set(LiveTable(vault, DECISIONS).files())
