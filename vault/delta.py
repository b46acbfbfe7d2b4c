"""The few things soma asks of a Delta table: which files are live, and one atomic commit of adds and removes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from soma import clock, codec
from soma.errors import VaultConflict, VaultError
from soma.schema import Table

from .fragment import Fragment, altered
from .log import Log, read_log
from .storage import Storage, storage_of

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

APPLICATION = "soma"
_METADATA = "soma"


class LiveTable:
    """A Delta table at one version.

    Attributes:
        table: Its definition.
        folder: Where its files of rows are on this machine: the table itself, or copies of it.
        where: How messages call the place it lies in.
        version: Delta's version number; -1 for a table that nothing was committed to.

    Args:
        vault: Where.
        table: Which.
        absent: Nothing was committed to it; this is known.
    """

    def __init__(self, vault: Storage | Path, table: Table, *, absent: bool = False) -> None:
        self.table = table
        self._storage = storage_of(vault)
        self.folder = self._storage.folder(table.path)
        self.where = self._storage.where(table.path)
        self._added: dict[str, Fragment] = {}
        self._removed: frozenset[str] = frozenset()
        place = None if absent else self._storage.log(table.path)
        self._log: Log | None = read_log(place) if isinstance(place, Path) else None
        self._opened = None if place is None or self._log is not None else self._open(place)
        self.version: int = self._log.version if self._log else self._opened.version() if self._opened else -1

    @property
    def _delta(self) -> DeltaTable | None:
        """The table in the library's hands, at this version."""
        if self._opened is None and self._log is not None:
            self._opened = self._open(self._place(), self.version)
        return self._opened

    def _open(self, place: str | Path, version: int | None = None) -> DeltaTable | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        try:
            return DeltaTable(place, version=version)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError, ValueError) as problem:
            raise VaultError(
                f"the log of {self.table.path} cannot be read: {self._storage.words(problem)}",
                where=self.where,
                hint="soma vault check names the damaged file",
            ) from problem

    def files(self) -> dict[str, int]:
        """Names of the live files and the rows the log says they hold."""
        held = self._log.rows if self._log else self._facts("num_records")
        return self._left(held) | {name: item.rows for name, item in self._added.items()}

    def sizes(self) -> dict[str, int]:
        """Names of the live files and their bytes."""
        held = self._log.sizes if self._log else self._facts("size_bytes")
        return self._left(held) | {name: item.size for name, item in self._added.items()}

    def _facts(self, column: str) -> dict[str, int]:
        if self._delta is None:
            return {}
        # Asked without pyarrow, whose import takes longer than opening all tables does.
        actions = self._delta.get_add_actions(flatten=True)
        names, values = (actions.column(each).to_pylist() for each in ("path", column))
        return {unquote(name): int(value or 0) for name, value in zip(names, values, strict=True)}

    def _left(self, held: Mapping[str, int]) -> dict[str, int]:
        return {name: value for name, value in held.items() if name not in self._removed}

    def as_if(self, add: Iterable[Fragment], remove: Iterable[str]) -> LiveTable:
        """The table as it will be after a commit that is decided but not yet made. For reading only."""
        future = self._at(self._opened, self._log)
        future._added = {item.name: item for item in add}
        future._removed = frozenset(remove)
        return future

    def _at(self, delta: DeltaTable | None, log: Log | None = None) -> LiveTable:
        other = object.__new__(LiveTable)
        other.table, other.folder, other.where = self.table, self.folder, self.where
        other._opened, other._log = delta, log
        other._storage = self._storage
        other._added, other._removed = {}, frozenset()
        other.version = log.version if log else delta.version() if delta else -1
        return other

    def added_last(self) -> list[str]:
        """Names of the live files that the last commit added."""
        from deltalake import DeltaTable

        before = DeltaTable(self._place(), version=self.version - 1)
        known = {Path(unquote(uri)).name for uri in before.file_uris()}
        return sorted(set(self.files()) - known)

    def passed(self) -> bool:
        """Whether something was committed to the table since it was opened."""
        return self._storage.exists(f"{self.table.path}/_delta_log/{self.version + 1:020}.json")

    def paths(self) -> list[str]:
        """The live files as they can be opened on this machine, in a fixed order.

        Raises:
            VaultError: if the vault lies elsewhere and one of them cannot be copied.
        """
        return [str(path) for path in self._storage.local(self.table.path, self.files())]

    def local(self, name: str, *, anew: bool = False) -> Path:
        """One of the live files as it can be opened on this machine; ``anew``: as the storage holds it now.

        Raises:
            VaultError: if the vault lies elsewhere and it cannot be copied.
        """
        return self._storage.local(self.table.path, [name], anew=anew)[0]

    def _place(self) -> str | Path:
        return self._storage.log(self.table.path) or self.folder

    def transaction(self) -> int:
        """Number of the last harvest commit that touched the table; 0 before the first."""
        if self._log is not None:
            return self._log.transactions.get(APPLICATION, 0)
        if self._delta is None:
            return 0
        return int(self._delta.transaction_version(APPLICATION) or 0)

    def metadata(self) -> dict[str, Any]:
        """What soma wrote into the table's last commit."""
        if self._log is not None:
            last: Any = self._log.told
        elif self._delta is not None:
            last = self._delta.history(1)[0].get(_METADATA, "{}")
        else:
            return {}
        value = codec.decode(last) if isinstance(last, str) else last
        return value if isinstance(value, dict) else {}

    def past_metadata(self) -> Iterator[dict[str, Any]]:
        """What soma wrote into each commit the log still has, the newest first."""
        for commit in self._delta.history() if self._delta else ():
            value = commit.get(_METADATA, {})
            value = codec.decode(value) if isinstance(value, str) else value
            if isinstance(value, dict):
                yield value

    def commit(
        self,
        add: Iterable[Fragment],
        remove: Iterable[str],
        *,
        transaction: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        data_change: bool = True,
    ) -> LiveTable:
        """Make ``add`` live and ``remove`` not, in one atomic commit.

        Args:
            add: Files already written into the folder.
            remove: Names of live files.
            transaction: The harvest's commit number; a writer that lost a race with the same number is refused.
            metadata: Small JSON object stored with the commit.
            data_change: False when the rows stay the same (compaction).

        Returns:
            The table at the new version.

        Raises:
            VaultConflict: if another writer was faster, or has since made a commit with a higher number.
            VaultError: if the log cannot be written.
        """
        from deltalake import CommitProperties
        from deltalake.exceptions import CommitFailedError, DeltaError
        from deltalake.transaction import AddAction, RemoveAction, Transaction

        # Delta refuses what was decided on an older version of the table, but not a number that has been passed.
        if transaction is not None and transaction < self.transaction():
            raise VaultConflict("another writer was faster", where=self.where)
        now_ms = clock.now() // 1000
        actions: list[AddAction | RemoveAction] = [
            AddAction(item.name, item.size, {}, now_ms, data_change, item.stats) for item in add
        ]
        actions += [RemoveAction(name, data_change, now_ms) for name in remove]
        properties = CommitProperties(
            custom_metadata={_METADATA: codec.encode(dict(metadata or {}))},
            max_commit_retries=0,
            app_transactions=[Transaction(APPLICATION, transaction)] if transaction is not None else None,
        )
        try:
            # A table that was absent when this was decided must be so still: whoever made it was faster.
            delta = self._delta or self._create()
            delta.create_write_transaction(actions, "append", delta.schema(), commit_properties=properties)
        except CommitFailedError as problem:
            raise VaultConflict("another writer was faster", where=self.where) from problem
        except (DeltaError, OSError) as problem:
            raise VaultError(
                f"{self.table.path} cannot be committed to: {self._storage.words(problem)}",
                where=self.where,
                hint=self._storage.writable_hint,
            ) from problem
        delta.update_incremental()
        return self._at(delta)

    def _create(self) -> DeltaTable:
        from deltalake import DeltaTable, Schema
        from deltalake.exceptions import DeltaError

        place = self._place()
        try:
            return DeltaTable.create(
                place, Schema.from_arrow(self.table.arrow()), mode="error", name=self.table.name,
                description=self.table.meaning, configuration=dict(self._storage.log_settings) or None,
            )  # fmt: skip
        except DeltaError as problem:
            if self._open(place) is not None:
                raise VaultConflict("another writer was faster", where=self.where) from problem
            raise

    def read(self, columns: list[str] | None = None, *, verify: bool = False) -> pa.Table:
        """All rows, or some columns of them; with ``verify`` only of files whose bytes are those that were written.

        Raises:
            VaultError: if a live file is missing or damaged.
        """
        import pyarrow as pa

        self._storage.local(self.table.path, self.files())
        parts = [self.read_one(name, columns, verify=verify) for name in sorted(self.files())]
        return pa.concat_tables(parts) if parts else self._wanted(columns).empty_table()

    def read_one(self, name: str, columns: list[str] | None = None, *, verify: bool = False) -> pa.Table:
        """The rows of one of the live files.

        Raises:
            VaultError: if it is missing or damaged, or holds no rows of this table.
        """
        import pyarrow as pa

        try:
            return read_file(str(self.local(name)), columns, verify=verify).cast(self._wanted(columns))
        except (ValueError, pa.ArrowException) as problem:
            raise VaultError(f"a file of the vault holds other rows than its table: {_first_line(problem)}",
                             where=f"{self.where}/{name}") from problem  # fmt: skip

    def _wanted(self, columns: list[str] | None) -> pa.Schema:
        import pyarrow as pa

        schema = self.table.arrow()
        return pa.schema([schema.field(name) for name in columns]) if columns else schema

    def vacuum(self, retention_hours: int, *, dry_run: bool) -> list[str]:
        """Delete files that no version inside the retention refers to; returns their names."""
        if self._delta is None:
            return []
        return sorted(self._delta.vacuum(retention_hours, dry_run=dry_run, enforce_retention_duration=False, full=True))


def live_tables(storage: Storage, tables: Iterable[Table]) -> list[LiveTable]:
    """Several tables as they are now, opened together."""
    wanted = list(tables)
    there = storage.logs(table.path for table in wanted)
    return storage.each(lambda table: LiveTable(storage, table, absent=table.path not in there), wanted)


def read_file(path: str, columns: list[str] | None = None, *, verify: bool = False) -> pa.Table:
    """One parquet file; with ``verify`` only if its bytes are those that were written.

    Raises:
        VaultError: if it is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Before anything is decoded: what the fields of a broken footer make a reader do is anyone's guess.
    if verify and altered(Path(path)):
        raise VaultError("a file of the vault is damaged: its bytes are not those that were written", where=path)
    try:
        return pq.ParquetFile(path, page_checksum_verification=verify).read(columns=columns)
    except (OSError, ValueError, pa.ArrowException) as problem:
        raise VaultError(f"a file of the vault is damaged: {_first_line(problem)}", where=path) from problem


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:300]
