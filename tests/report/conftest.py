"""A vault after two nights with a known story, made once for all tests of the report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

from soma import codec
from soma.api.nightly import PAGE, PREVIOUS, REPORT, nightly
from soma.config import Settings, load
from soma.harvester.options import Options
from soma.vault import VaultRoot

from .story import HOSTILE, RULES, night


class Nights(NamedTuple):
    """Where everything lies after the second night."""

    folder: Path

    @property
    def vault(self) -> Path:
        return self.folder / ".soma"

    @property
    def page(self) -> str:
        return (self.folder / PAGE).read_text(encoding="utf-8")

    @property
    def report(self) -> dict[str, Any]:
        value: dict[str, Any] = codec.decode((self.folder / REPORT).read_bytes())
        return value

    @property
    def before(self) -> Path:
        return self.folder / PREVIOUS

    @property
    def settings(self) -> Settings:
        return load(self.folder, {}, {}).settings


def one_night(folder: Path, at: str, *, vault: str = ".soma", out: str = "") -> None:
    """``soma nightly traces`` at that instant, in this process."""
    settings = load(folder, {}, {}).settings
    home = {"SOMA_HOME": str(folder / "home"), "SOMA_NOW": at}
    with mock.patch.dict(os.environ, home):
        nightly(VaultRoot(folder / vault), [str(folder / "traces")], folder / out, settings, Options(jobs=1))


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("nights")
    (folder / "soma.toml").write_text(RULES)
    night(folder / "traces", 1, {"poller": 0.05, "node-runner": 0.2, HOSTILE: 0.6}, 24)
    one_night(folder, "2026-11-28T03:00:00Z")
    night(folder / "traces", 2, {"poller": 0.05, "node-runner": 0.95, HOSTILE: 0.6, "agent-new": 0.1}, 24)
    (folder / "traces" / "torn.json").write_text('{"id": "graph", "nodes": {"a"')
    one_night(folder, "2026-11-29T03:00:00Z")
    yield Nights(folder)
