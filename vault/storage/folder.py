"""A vault in a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from soma import files
from soma.vault.lock import WriterLock

from .contract import Lock, Storage

_T = TypeVar("_T")
_R = TypeVar("_R")


class Folder(Storage):
    """A folder.

    Args:
        path: Which; it need not exist yet.
    """

    writable_hint = "check that the disk is not full or read-only, then run the command again"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.address = str(path)

    @property
    def identity(self) -> str:
        """The folder's path with all links followed."""
        return str(self._path.resolve())

    @property
    def path(self) -> Path:
        """The folder."""
        return self._path

    def where(self, name: str) -> str:
        """Its path."""
        return str(self._path / name)

    def prepare(self, *folders: str) -> None:
        """Make folders only their owner can enter."""
        for name in ("", *folders):
            files.make_private_folder(self._path / name)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._path / name).is_file()

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return (self._path / name).read_bytes()

    def create(self, name: str, data: bytes) -> None:
        """Write a file unless there is one; the caller holds the lock."""
        if not (self._path / name).exists():
            files.write_private(self._path / name, data)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        files.write_private(self._path / name, data)

    def names(self, folder: str) -> list[str]:
        """Names in a folder."""
        place = self._path / folder
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def size(self, name: str) -> int | None:
        """Bytes of a file."""
        path = self._path / name
        return path.stat().st_size if path.is_file() else None

    def folder(self, name: str) -> Path:
        """Files are written where they stay."""
        return self._path / name

    def publish(self, folder: str, name: str) -> None:
        """Nothing is left to do: the file lies where readers find it."""

    def discard(self, folder: str, name: str) -> None:
        """Delete a file."""
        (self._path / folder / name).unlink(missing_ok=True)

    def local(self, folder: str, names: Iterable[str], *, anew: bool = False) -> list[Path]:
        """The files themselves."""
        return [self._path / folder / name for name in sorted(names)]

    def logs(self, folders: Iterable[str]) -> set[str]:
        """All: whether there is one is found out by opening it."""
        return set(folders)

    def log(self, folder: str) -> str | Path | None:
        """The table's folder, once it has a log."""
        place = self._path / folder
        return place if (place / "_delta_log").is_dir() else None

    def lock(self, wait_s: float) -> Lock:
        """A lock that the operating system drops with its holder."""
        return WriterLock(self._path, wait_s)

    def night(self, wait_s: float) -> Lock:
        """The same for a night."""
        from soma.vault.night import NightLock

        return NightLock(self._path, wait_s)

    def set_aside(self, folder: str, to: str) -> None:
        """Rename a folder, in one step."""
        (self._path / folder).rename(self._path / to)

    def aside(self, folder: str) -> list[str]:
        """The folders beside it whose names tell that they were set aside."""
        place = self._path / folder
        found = place.parent.glob(f"{place.name}.damaged-*")
        return sorted(str(path.relative_to(self._path)) for path in found)

    def each(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """One after the other: a disk does not get quicker by being asked twice."""
        return [function(item) for item in items]

    def words(self, problem: BaseException) -> str:
        """The first line of what was said."""
        return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:300]
