"""Naming agents that their traces leave unnamed: rules of the project first, then the folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from soma.config import AgentRule

# Folders that say where traces are kept, not whose they are.
_NOT_A_NAME = frozenset({
    "sessions", "session", "traces", "trace", "logs", "log", "runs", "run", "data", "results", "output", "outputs",
    "out", "archive", "history", "transcripts", "projects", "exports", "export", "tmp", "spans", "individual",
})  # fmt: skip


class AgentNames(msgspec.Struct, frozen=True):
    """Who an execution is of.

    Attributes:
        override: The name ``--agent`` gave; it wins over everything.
        rules: Tried in order where the trace does not name the agent.
    """

    override: str | None = None
    rules: Sequence[AgentRule] = ()

    def name(self, told: str, path: str) -> str:
        """The agent's name: the override, else what the trace told, else the first matching rule, else the folder."""
        if self.override:
            return self.override
        if told.strip():
            return told.strip()
        for rule in self.rules:
            if fnmatchcase(path, rule.path) or fnmatchcase(path, f"*/{rule.path}"):
                return rule.name
        return _folder(path)


def _folder(path: str) -> str:
    for part in reversed(os.path.dirname(path).split(os.sep)):
        if part and part.lower() not in _NOT_A_NAME:
            return part
    return "unnamed"
