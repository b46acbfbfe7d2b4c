"""Tasks over processes: a bounded number in flight, results as they come, and a clean end when a person interrupts."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import forkserver
from types import TracebackType
from typing import Protocol, Self

from soma.adapters.registry import MODULES
from soma.errors import SomaError
from soma.lean import keep_pandas_out

from .portion import Portion, Settings, Task
from .work import perform

_POOL_PAYS_BYTES = 24 << 20
_IN_FLIGHT = 4
"""Tasks handed out for every worker: enough to go on with while this process commits."""
_BEGUN_WITH = 2
"""Tasks handed out for every worker before there are any, to go on with while this process ends one of its own."""
_HELPS_UP_TO = 12 << 20
"""Bytes of a task that this process performs itself while workers start: with a larger one it would hold them up."""


def default_jobs() -> int:
    """As many workers as this process may use processors."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(Protocol):
    """What performs tasks: processes here, or an engine elsewhere. It never commits."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def stop(self) -> None:
        """Give up what is being worked at: what still has to be done is done in this process."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Portion]:
        """Perform tasks and yield results in any order, one for each."""


StartWorkers = Callable[[Settings, int], Workers]
"""Starts workers, given what all tasks know and how many bytes there are to read."""


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
        self._started = False
        if jobs > 1 and expected_bytes >= _POOL_PAYS_BYTES:
            context = _context()
            self._executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)
            if context.get_start_method() == "forkserver":
                # It imports what workers need while this process goes on.
                forkserver.ensure_running()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """Give up the workers and what they are at: what still has to be done is done in this process."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Portion]:
        """Perform tasks, each taken at the moment it is handed out, and yield results in the order they finish.

        Raises:
            SomaError: if a worker process died.
        """
        if self._executor is None:
            for task in tasks:
                yield perform(task, self._settings)
            return
        running: set[Future[Portion]] = set()
        waiting = iter(tasks)
        try:
            if not self._started:
                self._started = True
                waiting = yield from self._start(self._executor, waiting, running)
            for task in waiting:
                running.add(self._executor.submit(perform, task, self._settings))
                if len(running) >= self._jobs * _IN_FLIGHT:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as problem:
            # What came back is still committed, and what has to be read for it is read here.
            self.stop()
            raise SomaError(
                "a worker process died, most likely because memory ran out",
                hint="run it again with --jobs 1; what was committed is kept",
            ) from problem
        finally:
            for future in running:
                future.cancel()

    def _start(
        self, executor: ProcessPoolExecutor, tasks: Iterator[Task], running: set[Future[Portion]]
    ) -> Generator[Portion, None, Iterator[Task]]:
        """Hand out the first tasks, and perform others here until there are workers to take them.

        Returns:
            The tasks that are left.
        """
        first = list(islice(tasks, self._jobs * _BEGUN_WITH))

        def hand_out() -> None:
            # It waits until the first process answers, which takes as long as importing all that a worker needs.
            for task in first:
                running.add(executor.submit(perform, task, self._settings))

        with ThreadPoolExecutor(1) as aside:
            handed_out = aside.submit(hand_out)
            for task in tasks:
                if handed_out.done() or task.size > _HELPS_UP_TO:
                    tasks = chain((task,), tasks)
                    break
                yield perform(task, self._settings)
        handed_out.result()
        return tasks


def _begin() -> None:
    """Prepare a worker: Ctrl-C is its parent's business, and it must not outlive a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_pandas_out()
    # What was imported stays: no collection has to look through it.
    gc.freeze()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["soma.harvester.work", "pyarrow.parquet", "pyarrow.compute", *MODULES])
        return context
    return multiprocessing.get_context("spawn")
