"""What a commit to ``executions`` promises: changes of other tables that belong to it and are committed after it.

The promise is kept by the writer that made it or, if that one was killed, by the next. Readers take it as kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma.errors import VaultError

from .delta import LiveTable
from .fragment import Fragment


class Change(msgspec.Struct, frozen=True):
    """Files that a table gains and loses."""

    add: list[Fragment]
    remove: list[str]


class Promise(msgspec.Struct, frozen=True):
    """The metadata of a commit to ``executions``.

    Attributes:
        version: Number of the harvest commit.
        follow: Table name to its change.
        audit: Hash of the audit's last entry, this commit included; empty before the first.
    """

    version: int
    follow: dict[str, Change]
    audit: str = ""

    def metadata(self) -> dict[str, Any]:
        """The promise as it is stored."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value

    def open_for(self, tables: Mapping[str, LiveTable]) -> dict[str, Change]:
        """What is not kept yet, by table name."""
        return {name: self.follow[name] for name in sorted(self.follow) if tables[name].transaction() < self.version}


def last_promise(executions: LiveTable) -> Promise:
    """The promise of the table's last commit; an empty one before the first.

    Raises:
        VaultError: if it cannot be understood.
    """
    number = executions.transaction()
    metadata = executions.metadata()
    if metadata.get("version") != number:
        return Promise(number, {})
    try:
        return msgspec.convert(metadata, Promise)
    except msgspec.ValidationError as problem:
        raise VaultError(f"the last commit cannot be understood: {problem}", where=executions.where) from problem
