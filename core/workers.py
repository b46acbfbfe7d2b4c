"""Worker processes: how many there may be, and how they begin and end. What they do is their owner's business."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait

from soma.errors import SomaError
from soma.lean import keep_pandas_out


def default_jobs() -> int:
    """As many workers as this process may use processors."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Stop:
    """Ends workers at what they are at, when nobody wants it any more."""

    def __init__(self) -> None:
        self.watched, self._held = multiprocessing.Pipe(duplex=False)

    def __call__(self) -> None:
        """End them. What they would have answered is lost."""
        self._held.close()


def started(many: int, preload: Sequence[str] = (), stop: Stop | None = None) -> ProcessPoolExecutor:
    """Processes that wait for tasks; they ignore Ctrl-C, and end with the process that started them.

    Args:
        many: At most so many; each begins with the first task that finds no other free.
        preload: Modules they all need. Workers grow from one server that loads them once: those of the first call that
            names any.
        stop: Ends them before their time.
    """
    watched = None if stop is None else stop.watched
    context = _context(preload)
    if context.get_start_method() == "forkserver":
        # It imports what workers need while this process goes on.
        forkserver.ensure_running()
    return ProcessPoolExecutor(many, mp_context=context, initializer=_begin, initargs=(watched,))


def died() -> SomaError:
    """What to raise when a worker ended without an answer."""
    return SomaError(
        "a worker process died, most likely because memory ran out",
        hint="run it again with --jobs 1; what was committed is kept",
    )


def _begin(stop: Connection | None) -> None:
    """Prepare a worker: Ctrl-C is its parent's business, and it must not outlive a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_pandas_out()
    # What was imported stays: no collection has to look through it.
    gc.freeze()
    parent = multiprocessing.parent_process()
    ends = [end for end in (stop, parent and parent.sentinel) if end is not None]
    if ends:
        threading.Thread(target=_end_with, args=(ends,), daemon=True).start()


def _end_with(ends: Sequence[Connection | int]) -> None:
    wait(ends)
    os._exit(1)


def _context(preload: Sequence[str]) -> multiprocessing.context.BaseContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        if preload:
            context.set_forkserver_preload(list(preload))
        return context
    return multiprocessing.get_context("spawn")
