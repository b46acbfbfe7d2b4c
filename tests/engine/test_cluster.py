"""A real Spark cluster of two workers: the same rows as on this machine, also when a worker is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from soma.engine.session import EngineSession, open_session
from soma.harvester.options import Progress
from soma.vault import VaultRoot
from soma.vault.upkeep import vacuum
from tests.harvest.traces import session as session_lines
from tests.harvest.traces import write
from tests.harvest.vaults import assert_whole, harvest_into

from .cluster import Cluster, java
from .vaults import harvest_with, orphans, stored

pytestmark = pytest.mark.cluster
PYTHON = os.environ.get("SOMA_SPARK", "")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if not PYTHON or not java():
        pytest.skip("SOMA_SPARK names no Python with pyspark[connect] and soma, or there is no Java")
    made = Cluster(PYTHON, tmp_path_factory.mktemp("spark"))
    try:
        made.start()
        yield made
    except BaseException as problem:
        problem.add_note(made.log())
        raise
    finally:
        made.stop()


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> Iterator[EngineSession]:
    with open_session(cluster.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sessions enough to keep two workers busy for some seconds."""
    folder = tmp_path_factory.mktemp("traces")
    for number in range(120):
        write(folder / f"s{number}.jsonl", session_lines(f"s{number}", 300, agent=f"agent-{number % 7}"))
    return folder


@pytest.fixture(autouse=True)
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soma.harvester.plan._TASK_BYTES", 256 * 1024)
    monkeypatch.setattr("soma.harvester.plan._TASK_SOURCES", 40)


def test_two_workers_store_what_this_machine_stores(
    cluster: Cluster, session: EngineSession, tmp_path: Path, fixtures: Path
) -> None:
    harvest_into(tmp_path / "here", fixtures)
    harvest_with(session, tmp_path / "there", fixtures)
    assert_whole(tmp_path / "there")
    assert stored(tmp_path / "there") == stored(tmp_path / "here")
    done = {host: each["completedTasks"] for host, each in cluster.executors().items()}
    assert len(done) == 2
    assert min(done.values()) > 0


def test_a_killed_worker_loses_and_doubles_nothing(
    cluster: Cluster, session: EngineSession, tmp_path: Path, traces: Path
) -> None:
    seen: list[int] = []

    def kill_at_the_first(progress: Progress) -> None:
        if not seen:
            assert progress.sources < progress.sources_total
            cluster.kill_a_worker()
        seen.append(progress.sources)

    harvest_into(tmp_path / "here", traces)
    vault = tmp_path / "there"
    harvest_with(session, vault, traces, on_progress=kill_at_the_first)
    assert len(cluster.executors()) == 1
    assert_whole(vault)
    assert stored(vault) == stored(tmp_path / "here")
    # What the killed worker had written and could not tell of, if anything, is deleted by the upkeep.
    with VaultRoot(vault).writer() as writer:
        vacuum(writer, retention_hours=0)
    assert orphans(vault) == set()
    assert stored(vault) == stored(tmp_path / "here")
