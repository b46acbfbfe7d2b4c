"""A night whose jobs run in two processes: the same rows, and nothing half done when one of them dies."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from soma import workers
from soma.errors import SomaError
from soma.harvester.harvest import Options, harvest
from soma.synthesizer import beside
from soma.synthesizer.night import JOBS
from soma.synthesizer.synthesize import Synthesis, synthesize
from soma.vault import VaultRoot
from soma.vault.memory import limit_memory, memory_limit, shared_by

NOW = 1_790_000_000_000_000
KEPT = ("results", "proposals", "team_findings", "paths_stored")


@pytest.fixture(scope="module")
def made(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of real traces over which no job ran yet."""
    root = VaultRoot(tmp_path_factory.mktemp("beside") / "vault")
    folders = [fixtures / "generic" / "intercode" / agent for agent in ("gpt-4", "starchat")]
    harvest([str(folder) for folder in folders], root, Options(jobs=1))
    return root.path


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VaultRoot:
    """A copy of it that is large enough for two processes."""
    monkeypatch.setattr(beside, "PAYS", 0)
    shutil.copytree(made, tmp_path / "vault")
    return VaultRoot(tmp_path / "vault")


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> list[ProcessPoolExecutor]:
    """What starts second processes, as they are started."""
    found: list[ProcessPoolExecutor] = []

    def started(*given: Any, **more: Any) -> ProcessPoolExecutor:
        found.append(workers.started(*given, **more))
        return found[-1]

    monkeypatch.setattr(beside, "started", started)
    return found


def running(others: list[ProcessPoolExecutor]) -> list[BaseProcess]:
    return [process for executor in others for process in (executor._processes or {}).values()]


def rows(root: VaultRoot) -> dict[str, list[dict[str, Any]]]:
    snapshot = root.snapshot()
    return {table: snapshot.sql(f"SELECT * FROM {table} ORDER BY ALL").to_pylist() for table in KEPT}


def counted(night: Synthesis) -> tuple[object, ...]:
    return ([run.job for run in night.jobs], night.found, night.executions, night.paths)


def test_two_processes_keep_the_rows_of_one(root: VaultRoot, others: list[ProcessPoolExecutor]) -> None:
    alone = VaultRoot(root.path.parent / "alone")
    shutil.copytree(root.path, alone.path)
    one, two = synthesize(alone, now=NOW, jobs=1), synthesize(root, now=NOW, jobs=2)
    assert len(others) == 1
    assert counted(one) == counted(two)
    assert [run.job for run in two.jobs] == list(JOBS)
    assert rows(root) == rows(alone)
    assert rows(root)["results"] and rows(root)["proposals"]


def test_a_small_vault_starts_no_process(
    root: VaultRoot, others: list[ProcessPoolExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(beside, "started", lambda *_, **__: pytest.fail("a process was started"))
    assert synthesize(root, now=NOW, jobs=2).found


def test_a_second_process_that_is_killed_costs_nothing_but_time(
    root: VaultRoot, others: list[ProcessPoolExecutor]
) -> None:
    def kill(job: str) -> None:
        if job == "drift":
            for process in running(others):
                process.kill()

    with pytest.raises(SomaError, match="a worker process died") as caught:
        synthesize(root, now=NOW, jobs=2, told=kill)
    assert "--jobs 1" in caught.value.hint
    found = rows(root)
    assert found["paths_stored"] and not found["results"] and not found["proposals"]
    again = synthesize(root, now=NOW, jobs=1)
    assert not again.nothing_new and again.found == len(rows(root)["proposals"]) > 0


def test_whoever_interrupts_waits_for_no_job(root: VaultRoot, others: list[ProcessPoolExecutor]) -> None:
    processes: list[BaseProcess] = []

    def interrupt(job: str) -> None:
        if job == "divergence":
            processes.extend(running(others))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(root, now=NOW, jobs=2, told=interrupt)
    assert processes
    for process in processes:
        process.join(10)
        assert not process.is_alive()
    assert not rows(root)["results"]


def test_a_second_process_that_sees_other_rows_answers_nothing(root: VaultRoot) -> None:
    place = beside._Place(str(root.path), (), (), "another basis", None)
    assert beside._work(place, ["signatures"], {}) is None


def test_processes_share_the_memory_that_is_allowed() -> None:
    with shared_by(2):
        assert memory_limit() == "40%"
        for limit, half in (("2GB", "1.000GB"), ("500 MB", "250.000MB"), ("1.5GiB", "0.750GiB")):
            limit_memory(limit)
            assert memory_limit() == half
    limit_memory(None)
    assert memory_limit() is None
