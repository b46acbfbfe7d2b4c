"""A vault of all shipped traces, harvested at once, that others are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harvest.vaults import vault_of_all


@pytest.fixture(scope="session")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vault_of_all(tmp_path_factory)
