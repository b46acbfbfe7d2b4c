"""A policy replayed over the vault before it binds: what it would have stopped, and how that ended."""

from __future__ import annotations

from .compute import run
from .model import AgentTally, Backtest, Example

__all__ = ["AgentTally", "Backtest", "Example", "run"]
