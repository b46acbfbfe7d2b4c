"""A vault of real traces over which the jobs ran, and people who decide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soma import Vault
from soma.governance.draft import draft
from soma.harvester.harvest import Options, harvest
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights.model import DAY
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot

NOW = 20_000 * DAY
ADA, BEN = "Ada Lovelace", "Ben Okri"


@pytest.fixture(scope="session")
def synthesized(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vault of the shipped intercode traces, with its proposals."""
    place = tmp_path_factory.mktemp("governed")
    for agent in ("gpt-4", "starchat"):
        shutil.copytree(fixtures / "generic" / "intercode" / agent, place / "traces" / agent)
    root = VaultRoot(place / "vault")
    harvest([str(place / "traces")], root, Options(jobs=1))
    synthesize(root, now=NOW)
    return root.path


@pytest.fixture
def root(synthesized: Path, tmp_path: Path) -> VaultRoot:
    """A copy of that vault, to be changed."""
    shutil.copytree(synthesized, tmp_path / "vault")
    return VaultRoot(tmp_path / "vault")


@pytest.fixture
def retries(root: VaultRoot) -> str:
    """Id of the proposal about an agent that repeats failed calls."""
    return proposal(root, "retries")


def proposal(root: VaultRoot, kind: str) -> str:
    return next(item.insight_id for item in insights.known(root.snapshot()) if item.type == kind)


def status_of(root: VaultRoot, identity: str) -> str:
    return next(item.status for item in insights.known(root.snapshot()) if item.insight_id == identity)


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
    vault.governance.promote(first.insight_id, actor=ADA, reason="seen often enough")
    vault.governance.reject(second.insight_id, actor=ADA, reason="it is the task, not the agent")
    return root.path


@pytest.fixture
def vault(governed: Path, tmp_path: Path) -> Vault:
    """A copy of it."""
    shutil.copytree(governed, tmp_path / "vault")
    return Vault(tmp_path / "vault")
