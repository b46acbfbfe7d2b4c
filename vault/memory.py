"""How much memory the queries of this process may take; what does not fit is spilled into the vault's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_limit: ContextVar[str | None] = ContextVar("memory", default=None)
_shared: ContextVar[int] = ContextVar("shared", default=1)
_AMOUNT = re.compile(r"([\d.]+) ?(\w+)")
_OF_MACHINE = 80
"""Percent of the machine that DuckDB takes where it is not told."""


def limit_memory(limit: str | None) -> None:
    """From here on, snapshots that are opened give their queries so much: ``2GB``; ``None``: what DuckDB takes.

    That is four fifths of the machine. Rows that a job has read are not counted: they are Python's.
    """
    _limit.set(limit)


def given_limit() -> str | None:
    """What all processes of a command may take together."""
    return _limit.get()


@contextmanager
def shared_by(processes: int) -> Iterator[None]:
    """In here, snapshots that are opened give their queries one of so many parts."""
    before = _shared.set(processes)
    try:
        yield
    finally:
        _shared.reset(before)


def memory_limit() -> str | None:
    """The limit in force for the queries of this process, as DuckDB reads it."""
    limit, parts = _limit.get(), _shared.get()
    if parts == 1:
        return limit
    amount = None if limit is None else _AMOUNT.fullmatch(limit)
    return f"{_OF_MACHINE // parts}%" if amount is None else f"{float(amount[1]) / parts:.3f}{amount[2]}"
