"""While worker processes start, the driver works itself; whatever happens then, each task is done once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from soma.errors import SomaError
from soma.harvester import pool
from soma.harvester.discover import Candidate
from soma.harvester.pool import Pool
from soma.harvester.portion import Kin, Settings, Task

SETTINGS = Settings(vault=None, key=b"key")
MB = 1 << 20


class Starting:
    """Processes that come up when they are told to, and do nothing but say what they were given."""

    def __init__(self, up: Event, broken: bool = False) -> None:
        self.up, self.broken = up, broken
        self.given: list[int] = []

    def submit(self, _: Callable[..., Any], task: Task, __: Settings) -> Future[Any]:
        assert self.up.wait(20)
        if self.broken:
            raise BrokenProcessPool("it died as it came up")
        self.given.append(task.number)
        done: Future[Any] = Future()
        done.set_result(task.number)
        return done

    def shutdown(self, **_: bool) -> None:
        """Nothing to end."""


def tasks(*sizes: int) -> list[Task]:
    return [Task(number, 1, [Kin([Candidate(f"/t/{number}", size, 0)])]) for number, size in enumerate(sizes)]


def starting(monkeypatch: pytest.MonkeyPatch, workers: Starting, *, up_after: int) -> tuple[Pool, list[int]]:
    """A pool of two such workers; they come up when the driver has done so many tasks."""
    here: list[int] = []

    def perform(task: Task, _: Settings) -> Any:
        here.append(task.number)
        if len(here) >= up_after:
            workers.up.set()
            # As the call of a driver that is busy: the other thread gets its turn.
            workers.up.wait()
        return task.number

    monkeypatch.setattr(pool, "perform", perform)
    made = Pool(2, SETTINGS, 0)
    made._executor = workers  # type: ignore[assignment]
    return made, here


def test_the_driver_works_until_there_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Starting(Event())
    made, here = starting(monkeypatch, workers, up_after=3)
    found: list[Any] = list(made.run(tasks(*[MB] * 40)))
    assert sorted(found) == list(range(40))
    assert here[:3] == [4, 5, 6]
    assert workers.given[:4] == [0, 1, 2, 3]
    assert sorted(here + workers.given) == list(range(40))
    # Later tasks are the workers' alone.
    before = list(here)
    found = list(made.run(tasks(*[MB] * 9)))
    assert sorted(found) == list(range(9))
    assert here == before


def test_a_large_task_is_left_to_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    up = Event()
    up.set()
    workers = Starting(up)
    made, here = starting(monkeypatch, workers, up_after=1)
    found: list[Any] = list(made.run(tasks(*[64 * MB] * 9)))
    assert sorted(found) == list(range(9))
    assert not here


def test_workers_that_die_as_they_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Starting(Event(), broken=True)
    made, here = starting(monkeypatch, workers, up_after=2)
    with pytest.raises(SomaError, match="a worker process died"):
        list(made.run(tasks(*[MB] * 40)))
    assert here[:2] == [4, 5]


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_process_of_a_harvest_imports_pandas(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "pandas.py").write_text("import pathlib\npathlib.Path(__file__).with_suffix('.told').touch()\n")
    traces = tmp_path / "traces"
    traces.mkdir()
    for number in range(6):
        (traces / f"{number}.jsonl").write_text('{"type":"session","version":3,"id":"s","cwd":"/w"}\n')
    program = (
        "import sys; from soma.harvester import pool; pool._POOL_PAYS_BYTES = 1; pool._HELPS_UP_TO = 0\n"
        "from soma.cli.main import main\n"
        "if __name__ == '__main__': main()\n"
    )
    (tmp_path / "run.py").write_text(program)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "run.py"), "harvest", str(traces), "--vault", str(tmp_path / "vault"),
         "--jobs", str(jobs)],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "SOMA_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pandas.told").exists()
