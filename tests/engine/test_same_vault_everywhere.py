"""Whoever reads the sources - this process, a pool of processes, an engine - the vault holds the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from soma.engine.session import EngineSession, open_session
from soma.harvester import pool
from tests.harvest.vaults import assert_whole, harvest_into

from .vaults import harvest_with, orphans, stored


@pytest.fixture(scope="module")
def session(sail: str) -> Iterator[EngineSession]:
    with open_session(sail) as opened:
        yield opened


@pytest.fixture(autouse=True)
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs that are small for a test are cut into tasks as large ones are."""
    monkeypatch.setattr("soma.harvester.plan._TASK_BYTES", 256 * 1024)
    monkeypatch.setattr("soma.harvester.plan._TASK_SOURCES", 40)


def assert_stored_alike(one: Path, other: Path) -> None:
    mine, theirs = stored(one), stored(other)
    for table, rows in mine.items():
        assert rows == theirs[table], f"{table} differ"


def by_everyone(session: EngineSession, folder: Path, *paths: Path) -> None:
    harvest_into(folder / "one", *paths, jobs=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pool, "_POOL_PAYS_BYTES", 1)
        harvest_into(folder / "two", *paths, jobs=2)
    harvest_with(session, folder / "sail", *paths)
    for other in ("two", "sail"):
        assert_stored_alike(folder / other, folder / "one")


def test_the_shipped_traces(session: EngineSession, tmp_path: Path, fixtures: Path) -> None:
    by_everyone(session, tmp_path, fixtures)
    assert_whole(tmp_path / "sail")
    assert orphans(tmp_path / "sail") == set()


def test_files_that_are_read_in_parts(session: EngineSession, tmp_path: Path, fixtures: Path) -> None:
    for number, name in enumerate(("langchain/runs_flat.jsonl", "otel/openllmetry-langchain.jsonl")):
        path, folder = fixtures / name, tmp_path / str(number)
        size = path.stat().st_size // 2
        harvest_into(folder / "whole", path)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pool, "_POOL_PAYS_BYTES", 1)
            harvest_into(folder / "two", path, jobs=2, split_bytes=size)
        harvest_with(session, folder / "sail", path, split_bytes=size)
        assert len(list((folder / "sail").rglob("decisions/*.parquet"))) > 1
        for other in ("two", "sail"):
            assert_stored_alike(folder / other, folder / "whole")


@pytest.mark.corpus
def test_real_traces(session: EngineSession, tmp_path: Path, corpus: Path) -> None:
    by_everyone(session, tmp_path, *(corpus / name for name in ("claude-code", "openclaw", "langchain", "codex")))


def test_a_second_harvest_by_the_engine_writes_nothing(session: EngineSession, tmp_path: Path, fixtures: Path) -> None:
    folder = shutil.copytree(fixtures / "claude-code", tmp_path / "traces")
    first = harvest_with(session, tmp_path / "vault", folder)
    again = harvest_with(session, tmp_path / "vault", folder)
    assert (again.sources.read, again.vault_version) == (0, first.vault_version)
