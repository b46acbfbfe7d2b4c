"""Cutting a harvest into tasks: of about equal size, and smaller ones towards the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .portion import Kin, Known, Task

_TASK_BYTES = 8 << 20
_TASK_LEAST_BYTES = 2 << 20
_TASK_SOURCES = 1024
_SHARES = 8
"""A task takes at most this part of what is left, so that all workers end at about the same time."""


def tasks(
    kins: Iterable[Kin], total: int, commit: int, numbers: Iterator[int], known: Mapping[str, Known],
    alone: int = _TASK_BYTES,
) -> Iterator[Task]:  # fmt: skip
    """The kins as tasks.

    Args:
        kins: What to read, the largest first so that no worker ends with one of them.
        total: Bytes of all kins.
        commit: Number of the harvest's first commit.
        numbers: Gives every task of the harvest its own number.
        known: Source id to how it was read last.
        alone: From how many bytes on a kin is a task of its own, as it is anyway if it is large for a task.
    """
    pending: list[Kin] = []
    size = sources = 0
    left = total
    most = _most(left, total)
    for kin in kins:
        pending.append(kin)
        own = kin.size
        size += own
        sources += len(kin.sources)
        if size >= most or own >= alone or sources >= _TASK_SOURCES:
            yield _task(pending, commit, numbers, known)
            left -= size
            most = _most(left, total)
            pending, size, sources = [], 0, 0
    if pending:
        yield _task(pending, commit, numbers, known)


def _most(left: int, total: int) -> int:
    """Bytes of the next task. What is little in all is read by one process: there, tasks only cost."""
    if total < 3 * _TASK_BYTES:
        return _TASK_BYTES
    return min(_TASK_BYTES, max(_TASK_LEAST_BYTES, left // _SHARES))


def _task(kins: list[Kin], commit: int, numbers: Iterator[int], known: Mapping[str, Known]) -> Task:
    ids = (candidate.source_id for kin in kins for candidate in kin.sources)
    return Task(next(numbers), commit, kins, {source_id: known[source_id] for source_id in ids if source_id in known})
