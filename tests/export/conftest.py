"""Vaults whose exports are read back."""

from __future__ import annotations

import pytest

from soma.vault import VaultRoot
from soma.vault.snapshot import Snapshot
from tests.harvest.vaults import vault_of_all


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A vault of all shipped traces."""
    return VaultRoot(vault_of_all(tmp_path_factory)).snapshot()
