"""The one writer: several tables changed as if in one step.

Delta commits one table at a time. What makes a harvest atomic is that ``executions`` is the commit point:

1. decision files are committed; nobody sees their rows, because a decision is visible through its execution only
   (same execution id *and* revision);
2. the commit to ``executions`` makes them visible. Its metadata promises what the remaining tables will hold;
3. those tables (ledger, quarantine, insights, outcomes) are committed.

A writer killed before 2 leaves a commit of decisions that nothing refers to: the next writer takes its files out.
One killed between 2 and 3 leaves a promise: the next writer keeps it.
``docs/design/commit.md`` tells why, and what was tried.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from soma.errors import VaultConflict
from soma.schema import AUDIT, BY_NAME, DECISIONS, EXECUTIONS, Table

from . import invariants
from .delta import LiveTable, read_file
from .fragment import Fragment, write_fragment
from .permissions import Role, require
from .promise import Change, Promise, last_promise
from .recovery import keep, settle
from .root import VaultRoot
from .storage import Folder, Lock, Storage

if TYPE_CHECKING:
    import pyarrow as pa

_SMALL_FILES = 24
_SMALL_BYTES = 8 << 20


class Replacement(msgspec.Struct, frozen=True):
    """New rows for a table, and which old rows they stand for.

    Attributes:
        column: The column by which old rows are found.
        values: Old rows with one of these values go.
        rows: The new rows; may be empty.
    """

    column: str
    values: frozenset[str]
    rows: Any


class Changes(msgspec.Struct):
    """What one commit changes: decision files already written, and replacements by table name."""

    decisions: list[Fragment] = msgspec.field(default_factory=list)
    replace: dict[str, list[Replacement]] = msgspec.field(default_factory=dict)

    def add(self, table: Table, column: str, values: Sequence[str] | set[str], rows: pa.Table) -> None:
        """Replace the rows of ``table`` whose ``column`` is in ``values`` by ``rows``."""
        if values or rows.num_rows:
            self.replace.setdefault(table.name, []).append(Replacement(column, frozenset(values), rows))

    @property
    def nothing(self) -> bool:
        """Whether a commit would change no byte."""
        return not self.decisions and not self.replace


class Writer:
    """Holds the vault for writing; a context manager.

    Attributes:
        lock: The writer's lock.
        version: Number of the last harvest commit.
    """

    def __init__(self, storage: Storage, *, wait_s: float) -> None:
        self.storage = storage
        self.lock: Lock = storage.lock(wait_s)
        self.version = 0
        self._umask = 0

    def __enter__(self) -> Writer:
        self._umask = os.umask(0o077)
        try:
            self.lock.__enter__()
        except BaseException:
            os.umask(self._umask)
            raise
        try:
            self.version = settle(self.storage, fence=self.lock.fence)
            self.lock.fenced()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock.__exit__(kind, value, trace)
        os.umask(self._umask)

    @property
    def stamp(self) -> int | None:
        """The number of commits that change no rows, where a writer that was followed has to be told by it."""
        return None if isinstance(self.storage, Folder) else self.version

    @property
    def next_version(self) -> int:
        """The number the next commit will have; fragments are written for it."""
        return self.version + 1

    def commit(self, changes: Changes, *, role: Role) -> int:
        """Commit all changes, visible together.

        Args:
            changes: What changes.
            role: As what it is written: each may write to its own tables only.

        Returns:
            The vault's new version (the old one when nothing changes).

        Raises:
            VaultConflict: if another writer was faster.
            VaultError: if the role may not do this, or the disk refuses; the vault then holds what it held before.
        """
        if changes.nothing:
            return self.version
        with self.lock.committing():
            return self._commit(changes, role)

    def _commit(self, changes: Changes, role: Role) -> int:
        number = self.next_version
        # Opened before anything is decided: what is committed to it meanwhile makes the commit below fail.
        executions = LiveTable(self.storage, EXECUTIONS)
        if executions.transaction() >= number:
            raise VaultConflict("another writer was faster", where=executions.where)
        require(VaultRoot(self.storage), role, changes)
        prepared = {name: self._prepare(name, parts, executions) for name, parts in changes.replace.items()}
        if changes.decisions:
            LiveTable(self.storage, DECISIONS).commit(
                changes.decisions, (), transaction=number, metadata={"version": number}
            )
        own = prepared.pop(EXECUTIONS.name, Change([], []))
        follow = {name: change for name, change in prepared.items() if change.add or change.remove}
        head = _added_head(changes.replace.get(AUDIT.name, ())) or last_promise(executions).audit
        promise = Promise(number, follow, head)
        executions.commit(own.add, own.remove, transaction=number, metadata=promise.metadata())
        self.version = number
        keep(self.storage, promise)
        return number

    def _prepare(self, name: str, parts: list[Replacement], executions: LiveTable) -> Change:
        import pyarrow as pa

        table = BY_NAME[name]
        for part in parts:
            # Before Arrow refuses them in words of its own.
            invariants.require(table, part.rows)
        live = executions if table is EXECUTIONS else LiveTable(self.storage, table)
        kept: list[pa.Table] = []
        removed: list[str] = []
        small = _small_files(live)
        for name in sorted(live.files()):
            path = str(live.local(name))
            hit = any(_touches(path, part) for part in parts if part.values)
            if hit or name in small:
                rows = read_file(path, verify=True)
                for part in parts:
                    if part.values:
                        rows = rows.filter(_others(rows, part))
                kept.append(rows)
                removed.append(name)
        schema = table.arrow()
        rows = pa.concat_tables([part.rows.cast(schema) for part in parts] + [piece.cast(schema) for piece in kept])
        return Change([write_fragment(self.storage, table, rows)] if rows.num_rows else [], removed)


def _added_head(parts: Sequence[Replacement]) -> str:
    """Hash of the last entry that is added to the audit; empty where none is."""
    rows = [row for part in parts for row in part.rows.select(["number", "hash"]).to_pylist()]
    return str(max(rows, key=lambda row: row["number"])["hash"]) if rows else ""


def _touches(path: str, part: Replacement) -> bool:
    import pyarrow.compute as pc

    column = read_file(path, [part.column])[part.column]
    return bool(pc.any(pc.is_in(column, value_set=_value_set(part))).as_py())


def _others(rows: pa.Table, part: Replacement) -> Any:
    import pyarrow.compute as pc

    return pc.invert(pc.is_in(rows[part.column], value_set=_value_set(part)))


def _value_set(part: Replacement) -> Any:
    import pyarrow as pa

    return pa.array(sorted(part.values), pa.string())


def _small_files(live: LiveTable) -> set[str]:
    # Many small commits would leave many small files: fold them into the new one now and then.
    small = {name for name, size in live.sizes().items() if size < _SMALL_BYTES}
    return small if len(small) >= _SMALL_FILES else set()
