"""The little that a vault needs of the place it lies in.

Names are paths inside the vault with ``/``. A file of rows is never changed once it stands: its name ends with a
digest of its bytes (``soma.vault.fragment``). So one that lies elsewhere can be read from a copy on this machine, which
is never out of date. All reading of rows goes through local paths for that reason, wherever the vault lies.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Protocol, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


class Lock(Protocol):
    """One holder at a time, re-entrant for its holder.

    Attributes:
        fence: Whether the holder before may still be writing although the lock is no longer its own.
    """

    fence: bool

    def __enter__(self) -> Lock:
        """Wait for the lock and take it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        ...

    def fenced(self) -> None:
        """Told that the holder before can no longer write."""
        ...

    def committing(self) -> AbstractContextManager[None]:
        """Around a commit: refuses it where the lock is known to be lost, and remembers one that did not end.

        Raises:
            VaultConflict: if another writer has taken the lock.
        """
        ...


class Storage(ABC):
    """A place that holds one vault.

    Attributes:
        address: What a person types after ``--vault``.
        writable_hint: What to look at when nothing can be written.
        log_settings: Properties of Delta that new tables get.
        least_retention_hours: Files younger than this must not be deleted even when nothing refers to them.
    """

    address: str
    writable_hint: str
    log_settings: Mapping[str, str] = MappingProxyType({})
    least_retention_hours = 0

    @property
    @abstractmethod
    def identity(self) -> str:
        """The same for every way to write the address."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The vault's folder.

        Raises:
            UsageError: if it lies in no folder of this machine.
        """

    @abstractmethod
    def where(self, name: str) -> str:
        """How messages call a file or folder of the vault."""

    @abstractmethod
    def prepare(self, *folders: str) -> None:
        """Make the vault's folder and these in it, private, where they are not there yet.

        Raises:
            OSError: if that is not possible.
        """

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of a small file.

        Raises:
            FileNotFoundError: if there is none.
            OSError, VaultError: if it cannot be read.
        """

    @abstractmethod
    def create(self, name: str, data: bytes) -> None:
        """Write a small file that is not there yet: of two writers at once the first one's stands.

        Raises:
            OSError, VaultError: if it cannot be written.
        """

    @abstractmethod
    def replace(self, name: str, data: bytes) -> None:
        """Write a small file, in place of an older one where there is one; readers see either, never a mixture.

        Raises:
            OSError, VaultError: if it cannot be written.
        """

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder, ordered; none where it does not exist."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Bytes of a file; ``None`` where there is none."""

    @abstractmethod
    def folder(self, name: str) -> Path:
        """The local folder where new files of rows are written before they are published."""

    @abstractmethod
    def publish(self, folder: str, name: str) -> None:
        """Put a file of rows that was written into ``folder()`` where every reader finds it.

        Raises:
            VaultError: if that is not possible; the file is nowhere then.
        """

    @abstractmethod
    def discard(self, folder: str, name: str) -> None:
        """Take back a published file that nothing refers to."""

    @abstractmethod
    def local(self, folder: str, names: Iterable[str], *, anew: bool = False) -> list[Path]:
        """Local paths of files of rows, in the order of their names.

        Args:
            folder: Where they lie in the vault.
            names: Which.
            anew: Look at what the storage holds now, not at a copy of it.

        Raises:
            VaultError: if a copy cannot be made, or is not what its name says.
        """

    @abstractmethod
    def logs(self, folders: Iterable[str]) -> set[str]:
        """Which of these tables may have a log; the others have none at this moment."""

    @abstractmethod
    def log(self, folder: str) -> str | Path | None:
        """Where Delta finds a table; ``None`` where it is known that there is none."""

    @abstractmethod
    def lock(self, wait_s: float) -> Lock:
        """The lock of the one writer, not yet taken."""

    @abstractmethod
    def night(self, wait_s: float) -> Lock:
        """The lock of a whole night, which tells whoever finds it taken who holds it."""

    @abstractmethod
    def set_aside(self, folder: str, to: str) -> None:
        """Rename a folder with all that is in it; what was broken off is to be done again.

        Raises:
            OSError, VaultError: if it cannot be moved.
        """

    @abstractmethod
    def aside(self, folder: str) -> list[str]:
        """The folders that a folder was set aside as, ordered."""

    @abstractmethod
    def each(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """Do something that asks the storage for every item, several at a time where waiting is what it costs."""

    @abstractmethod
    def words(self, problem: BaseException) -> str:
        """What a library said when something went wrong, fit for a message: one line that holds no secret."""
