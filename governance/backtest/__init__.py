"""A policy replayed over the vault before it binds: what it would have stopped, and how that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import AgentTally, Backtest, Example

if TYPE_CHECKING:
    from .compute import run

__all__ = ["AgentTally", "Backtest", "Example", "run"]


def __getattr__(name: str) -> object:
    # Whoever only reads what a back-test said, as every briefing does, need not load all that makes one.
    if name == "run":
        from .compute import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
