"""Cutting a harvest into tasks of about equal size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .portion import Kin, Known, Task

_TASK_BYTES = 8 << 20
_TASK_SOURCES = 1024


def tasks(kins: Iterable[Kin], commit: int, numbers: Iterator[int], known: Mapping[str, Known]) -> Iterator[Task]:
    """The kins as tasks.

    Args:
        kins: What to read, the largest first so that no worker ends with one of them.
        commit: Number of the harvest's first commit.
        numbers: Gives every task of the harvest its own number.
        known: Source id to how it was read last.
    """
    pending: list[Kin] = []
    size = sources = 0
    for kin in kins:
        pending.append(kin)
        size += kin.size
        sources += len(kin.sources)
        if size >= _TASK_BYTES or sources >= _TASK_SOURCES:
            yield _task(pending, commit, numbers, known)
            pending, size, sources = [], 0, 0
    if pending:
        yield _task(pending, commit, numbers, known)


def _task(kins: list[Kin], commit: int, numbers: Iterator[int], known: Mapping[str, Known]) -> Task:
    ids = (candidate.source_id for kin in kins for candidate in kin.sources)
    return Task(next(numbers), commit, kins, {source_id: known[source_id] for source_id in ids if source_id in known})
