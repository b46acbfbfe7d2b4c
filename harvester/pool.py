"""Tasks over processes: a bounded number in flight, results as they come, and a clean end when a person interrupts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from types import TracebackType
from typing import Protocol, Self

from soma.adapters.registry import MODULES
from soma.workers import died, started

from .portion import Portion, Settings, Task
from .work import perform

_POOL_PAYS_BYTES = 24 << 20
_LOADED = ("soma.harvester.work", "pyarrow.parquet", "pyarrow.compute", *MODULES)
_IN_FLIGHT = 4
"""Tasks handed out for every worker: enough to go on with while this process commits."""
_BEGUN_WITH = 2
"""Tasks handed out for every worker before there are any, to go on with while this process ends one of its own."""
_HELPS_UP_TO = 12 << 20
"""Bytes of a task that this process performs itself while workers start: with a larger one it would hold them up."""


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
            self._executor = started(jobs, _LOADED)

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
            raise died() from problem
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
