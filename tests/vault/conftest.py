"""A vault of all shipped traces, harvested at once, that others are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harvest.vaults import vault_of_all

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests of this folder out unless marks are asked for: ``-m slow``, ``-m "slow or not slow"``."""
    if config.option.markexpr:
        return
    slow = {item for item in items if HERE in item.path.parents and item.get_closest_marker("slow")}
    if slow:
        config.hook.pytest_deselected(items=list(slow))
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vault_of_all(tmp_path_factory)
