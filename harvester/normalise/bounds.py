"""What is kept of what an adapter says: sizes, the words that a column may hold, and the version of these rules."""

from __future__ import annotations

from collections.abc import Mapping

from soma import identity
from soma.schema import SCHEMA_VERSION

VERSION = 2
"""Raised whenever the same drafts would become other rows."""

ARGUMENT_BYTES = 4096
NAME_BYTES = 200
TASK_BYTES = 2048
DECISION_TEXTS = {"reasoning": 4096, "error": 2048, "output": 2048}
"""Longer texts of a decision, with how many bytes of them are kept."""

EXECUTION_TEXTS = {"task_text": TASK_BYTES, "error": 2048}
"""The same of an execution."""

INT32 = (1 << 31) - 1
INT64 = (1 << 63) - 1

KINDS = frozenset({"tool_choice", "branch", "retry", "delegation", "failure", "guard"})
STATUSES = frozenset({"completed", "failed", "unknown"})
ROLES = frozenset({"shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other"})


def reader_version(adapter_versions: Mapping[str, int]) -> str:
    """Digest of everything besides a source's bytes that decides which rows they yield."""
    parts = [f"{name}:{version}" for name, version in sorted(adapter_versions.items())]
    return identity.digest("\n".join([f"normalise:{VERSION}", f"schema:{SCHEMA_VERSION}", *parts]))
