"""How much memory the queries of this process may take; what does not fit is spilled into the vault's folder."""

from __future__ import annotations

from contextvars import ContextVar

_limit: ContextVar[str | None] = ContextVar("memory", default=None)


def limit_memory(limit: str | None) -> None:
    """From here on, snapshots that are opened give their queries so much: ``2GB``; ``None``: what DuckDB takes.

    That is four fifths of the machine. Rows that a job has read are not counted: they are Python's.
    """
    _limit.set(limit)


def memory_limit() -> str | None:
    """The limit in force."""
    return _limit.get()
