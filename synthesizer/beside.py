"""Jobs side by side: a second process does some of those of a night while this one does the others.

What a job answers is decided by the rows alone, so it does not matter who asked it. Only this process commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from soma.config import TaskRule, TeamRule
from soma.schema import DECISIONS
from soma.vault import Snapshot, VaultRoot
from soma.vault.memory import given_limit, limit_memory, shared_by
from soma.vault.storage import is_remote
from soma.workers import Stop, died, started

from .kept import Keeping, basis
from .night import BESIDE, JOBS, JobRun, run_job

PAYS = 300_000
"""Decisions below which starting a second process takes as long as it saves.

Two are used only where they are asked for: queries use every processor already, and what both processes have to read
takes a third more processor time in all.
"""
_PROCESSES = 2


class _Place(msgspec.Struct, frozen=True):
    """What a second process has to know to see the same rows."""

    vault: str
    task_rules: tuple[TaskRule, ...]
    team_rules: tuple[TeamRule, ...]
    basis: str
    memory: str | None


class _Done(NamedTuple):
    """What came of jobs."""

    runs: list[JobRun]
    answers: Mapping[tuple[str, str], str]


def run_all(
    root: VaultRoot, snapshot: Snapshot, jobs: int, told: Callable[[str], None]
) -> tuple[Keeping, list[JobRun]]:
    """Have all jobs answer; gives what holds the answers.

    Args:
        root: The vault.
        snapshot: Of it; nothing was asked of it yet.
        jobs: Processes there may be.
        told: Called with the name of each job as it starts.

    Raises:
        SomaError: if the second process died.
    """
    vault = Keeping(snapshot)
    if jobs < _PROCESSES or snapshot.engine is not None or sum(snapshot.live(DECISIONS).files().values()) < PAYS:
        return vault, [_told(name, vault, told) for name in JOBS]
    with shared_by(_PROCESSES), _second(root, snapshot, vault) as second:
        runs = []
        for name in JOBS:
            if name not in BESIDE:
                second.hand_over()
                runs.append(_told(name, vault, told))
        second.hand_over()
        told(", ".join(BESIDE))
        runs += second.collected()
    done = {run.job for run in runs}
    runs += [_told(name, vault, told) for name in BESIDE if name not in done]
    return vault, sorted(runs, key=lambda run: list(JOBS).index(run.job))


def _told(name: str, vault: Keeping, told: Callable[[str], None]) -> JobRun:
    told(name)
    return run_job(name, vault)


class _Second:
    """The second process as the first sees it."""

    def __init__(self, executor: ProcessPoolExecutor, place: _Place, vault: Keeping) -> None:
        self._executor, self._place, self._vault = executor, place, vault
        self._left = dict(BESIDE)
        self._given: set[tuple[str, str]] = set()
        self._running: list[Future[_Done | None]] = []

    def hand_over(self) -> None:
        """Hand over the jobs that wait for nothing any more, with the answers that are new since the last."""
        answered = {job for job, _ in self._vault.answers}
        ready = [name for name, needed in self._left.items() if answered.issuperset(needed)]
        if ready:
            told = self._vault.told()
            given = {asked: told[asked] for asked in told.keys() - self._given}
            self._given |= given.keys()
            self._running.append(self._executor.submit(_work, self._place, ready, given))
            self._left = {name: needed for name, needed in self._left.items() if name not in ready}

    def collected(self) -> list[JobRun]:
        """The jobs that were done; the first process has heard their answers."""
        runs: list[JobRun] = []
        for done in [future.result() for future in self._running]:
            if done is not None:
                self._vault.hear(done.answers)
                runs += done.runs
        return runs


@contextmanager
def _second(root: VaultRoot, snapshot: Snapshot, vault: Keeping) -> Iterator[_Second]:
    address = root.address if is_remote(root.address) else str(root.path.resolve())
    place = _Place(address, snapshot.task_rules, snapshot.team_rules, basis(vault), given_limit())
    stop = Stop()
    executor = started(1, stop=stop)
    try:
        yield _Second(executor, place, vault)
    except BrokenProcessPool as problem:
        raise died() from problem
    finally:
        # After an error or Ctrl-C nobody waits for what it is at.
        stop()
        executor.shutdown(cancel_futures=True)


_at_hand: tuple[_Place, Keeping] | None = None
"""What the last task of this process asked, with all that it remembers."""


def _work(place: _Place, names: Sequence[str], given: Mapping[tuple[str, str], str]) -> _Done | None:
    """Do some jobs; ``None`` where the vault holds other rows by now."""
    global _at_hand  # noqa: PLW0603 - a process that does several tasks of one night
    if _at_hand is None or _at_hand[0] != place:
        limit_memory(place.memory)
        _at_hand = place, Keeping(VaultRoot(place.vault).snapshot(place.task_rules, place.team_rules).settled())
    vault = _at_hand[1]
    if basis(vault) != place.basis:
        return None
    vault.hear(given)
    with shared_by(_PROCESSES):
        runs = [run_job(name, vault) for name in names]
    own = {asked: answer for asked, answer in vault.told().items() if asked not in given}
    return _Done(runs, own)
