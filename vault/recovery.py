"""What a writer does before anything else: it ends what the one before it left half done.

``docs/design/commit.md`` tells why that is enough on a disk, ``docs/design/s3.md`` why it takes more on a storage where
a writer may live on after its lock was given to another.
"""

from __future__ import annotations

from functools import partial

from soma.errors import VaultConflict
from soma.schema import BY_NAME, DECISIONS, EXECUTIONS, TABLES, Table

from .delta import LiveTable, live_tables
from .promise import Promise, last_promise
from .storage import Folder, Storage

_ATTEMPTS = 20


def settle(storage: Storage, *, fence: bool) -> int:
    """Whatever has to be done before the first commit. The caller holds the lock.

    Args:
        storage: The vault.
        fence: Whether the holder of the lock before may still be writing.

    Returns:
        The vault's version.
    """
    if fence:
        return take_over(storage)
    if isinstance(storage, Folder):
        return recover(storage)
    # A lease that was given back says that nothing was left half done.
    return LiveTable(storage, EXECUTIONS).transaction()


def recover(storage: Storage) -> int:
    """Bring the tables of a vault to one version after a writer was killed. The caller holds the lock.

    Returns:
        The number of the last commit that happened.
    """
    executions = LiveTable(storage, EXECUTIONS)
    number = executions.transaction()
    decisions = LiveTable(storage, DECISIONS)
    if decisions.metadata().get("version", 0) > number:
        decisions.commit((), decisions.added_last())
    keep(storage, last_promise(executions))
    return number


def take_over(storage: Storage) -> int:
    """The same after a writer that may not know yet that it lost the lock: from here on it can commit nothing.

    It finishes that one's last commit, then burns a number: an empty commit to every table, the commit point first.

    Returns:
        The number it burned, which is the vault's version from here on.

    Raises:
        VaultConflict: if somebody else takes over meanwhile.
    """
    for _ in range(_ATTEMPTS):
        executions = LiveTable(storage, EXECUTIONS)
        number = executions.transaction()
        others = live_tables(storage, [table for table in TABLES if table is not EXECUTIONS])
        # Higher than the one the holder before is about to use, wherever it is.
        burned = max([number, *(live.transaction() for live in others)]) + 2
        try:
            keep(storage, promise := last_promise(executions))
            metadata = Promise(burned, {}, promise.audit).metadata()
            executions.commit((), (), transaction=burned, metadata={**executions.metadata(), **metadata})
        except VaultConflict:
            # The writer before was just ending its commit: it counts, and the next number is burned.
            continue
        there = [live.table for live in others if live.version >= 0]
        storage.each(partial(_burn, storage, after=number, number=burned), there)
        return burned
    raise VaultConflict("another writer does not stop writing", where=storage.address)


def _burn(storage: Storage, table: Table, *, after: int, number: int) -> None:
    for _ in range(_ATTEMPTS):
        live = LiveTable(storage, table)
        metadata = live.metadata()
        unseen: list[str] = []
        # Later ones belong to whoever took over from us: they are refused here, not taken out.
        if table is DECISIONS and after < metadata.get("version", 0) <= number and live.transaction() <= number:
            unseen, metadata = live.added_last(), {}
        if live.transaction() > number:
            raise VaultConflict("another writer took the vault over", where=live.where)
        try:
            live.commit((), unseen, transaction=number, metadata=metadata)
        except VaultConflict:
            continue
        return
    raise VaultConflict("another writer does not stop writing", where=storage.address)


def keep(storage: Storage, promise: Promise) -> None:
    """Commit what the last commit to ``executions`` promised for other tables, as far as it is not done."""
    for attempt in range(_ATTEMPTS):
        tables = {name: LiveTable(storage, BY_NAME[name]) for name in promise.follow}
        try:
            for name, change in promise.open_for(tables).items():
                tables[name].commit(change.add, change.remove, transaction=promise.version)
        except VaultConflict:
            # Whoever took over keeps it too; what is left to do, the tables tell.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return
