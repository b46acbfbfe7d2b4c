"""Tasks over processes: a bounded number in flight, results as they come, and a clean end when a person interrupts."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from soma.errors import SomaError

from .work import Portion, Settings, Task, perform

_POOL_PAYS_BYTES = 8 << 20
_IN_FLIGHT = 2


def default_jobs() -> int:
    """As many workers as this process may use processors."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """Runs tasks in worker processes, or in this one where that is quicker.

    Args:
        jobs: Number of workers.
        settings: What all tasks know.
        expected_bytes: How much there is to read in total; too little does not pay for starting processes.
    """

    def __init__(self, jobs: int, settings: Settings, expected_bytes: int) -> None:
        self._settings = settings
        self._jobs = jobs
        self._executor: ProcessPoolExecutor | None = None
        if jobs > 1 and expected_bytes >= _POOL_PAYS_BYTES:
            self._executor = ProcessPoolExecutor(jobs, mp_context=_context())

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Iterator[Callable[[], Task]]) -> Iterator[Portion]:
        """Perform tasks, each made at the moment it is handed out, and yield results in the order they finish.

        Raises:
            SomaError: if a worker process died.
        """
        if self._executor is None:
            for make in tasks:
                yield perform(make(), self._settings)
            return
        running: set[Future[Portion]] = set()
        try:
            for make in tasks:
                running.add(self._executor.submit(perform, make(), self._settings))
                if len(running) >= self._jobs * _IN_FLIGHT:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as problem:
            raise SomaError(
                "a worker process died, most likely because memory ran out",
                hint="run it again with --jobs 1; what was committed is kept",
            ) from problem
        finally:
            for future in running:
                future.cancel()


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["soma.harvester.work", "soma.adapters.registry", "pyarrow.parquet"])
        return context
    return multiprocessing.get_context("spawn")
