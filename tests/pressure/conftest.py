"""A vault of shipped traces with storms and delegations in it, and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma import Vault
from tests.cli.conftest import Soma, soma

__all__ = ["Soma", "soma"]


@pytest.fixture(scope="session")
def harvested(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of Claude Code sessions, OpenClaw sessions and InterCode runs."""
    place = tmp_path_factory.mktemp("pressure") / "vault"
    Vault(place).harvest([str(fixtures / name) for name in ("claude-code", "openclaw", "generic")])
    return place
