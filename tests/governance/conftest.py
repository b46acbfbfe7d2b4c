"""A vault of real runs over which the jobs ran, with policies a person ratified, and copies of it to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soma import Vault
from soma.governance.draft import draft
from soma.harvester.harvest import Options, harvest
from soma.synthesizer.jobs import insights
from soma.vault import VaultRoot

ACTOR = "Ann Lee"


@pytest.fixture(scope="session")
def governed(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with findings, of which the first that gives a policy was promoted and the second rejected."""
    place = tmp_path_factory.mktemp("governed")
    for agent in ("gpt-4", "starchat"):
        shutil.copytree(fixtures / "generic" / "intercode" / agent, place / "traces" / agent)
    root = VaultRoot(place / "vault")
    harvest([str(place / "traces")], root, Options(jobs=1))
    vault = Vault(root.path)
    vault.synthesize()
    first, second, *_ = [item for item in insights.known(root.snapshot()) if draft(item) is not None]
    vault.governance.promote(first.insight_id, actor=ACTOR, reason="seen often enough")
    vault.governance.reject(second.insight_id, actor=ACTOR, reason="it is the task, not the agent")
    return root.path


@pytest.fixture
def vault(governed: Path, tmp_path: Path) -> Vault:
    """A copy of it."""
    shutil.copytree(governed, tmp_path / "vault")
    return Vault(tmp_path / "vault")
