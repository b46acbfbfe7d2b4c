"""Vaults whose exports are read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma.vault import VaultRoot
from soma.vault.snapshot import Snapshot
from tests.harvest.vaults import harvest_into


@pytest.fixture(scope="session")
def shipped(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A vault of all shipped traces."""
    place = tmp_path_factory.mktemp("export") / "vault"
    harvest_into(place, fixtures)
    return VaultRoot(place).snapshot()
