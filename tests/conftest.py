"""Fixtures of the whole test run: the shipped traces, and the development corpus where it lies beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("SOMA_CORPUS", ROOT.parent / "shared" / "traces"))

# The same examples every time, so that a red run is about the change. For fresh ones:
# make test PYTEST=--hypothesis-profile=fresh
# How long it takes to make examples tells how busy the machine is.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("same", derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("fresh", derandomize=False, suppress_health_check=_SLOW)
settings.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CORPUS.is_dir():
        return
    absent = pytest.mark.skip(reason="the development corpus is not beside this checkout (set SOMA_CORPUS)")
    for item in items:
        if item.get_closest_marker("corpus"):
            item.add_marker(absent)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real traces; tests that use it carry ``@pytest.mark.corpus``."""
    return CORPUS


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The real traces that ship with soma."""
    return ROOT / "fixtures"


@pytest.fixture(autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and keys of the person who runs it."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("SOMA_HOME", str(home))
    for name in [
        name
        for name in os.environ
        if name.startswith("SOMA_") and name not in {"SOMA_HOME", "SOMA_CORPUS", "SOMA_SPARK"}
    ]:
        monkeypatch.delenv(name)
