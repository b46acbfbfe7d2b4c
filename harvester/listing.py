"""What lies in one folder, column by column: a million files cost some bytes each, not an object each."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterator

import msgspec

from soma import identity

# Never traces by themselves: write-ahead logs and locks belong to the database or file beside them.
_NOT_READ = ("-wal", "-shm", "-journal", ".lock", ".tmp", ".pyc", ".parquet", ".crc")


class Candidate(msgspec.Struct, frozen=True, order=True, gc=False):
    """A file as it was found.

    Attributes:
        path: Absolute path.
        size: Bytes.
        modified_ns: Modification time in nanoseconds.
        known_id: Its id, once somebody asked for it; no part of what the candidate is.
    """

    path: str
    size: int
    modified_ns: int
    known_id: str = ""

    @property
    def source_id(self) -> str:
        """Id of the source this file is."""
        if not self.known_id:
            msgspec.structs.force_setattr(self, "known_id", identity.source_id(self.shown))
        return self.known_id

    @property
    def shown(self) -> str:
        """The path as text that can be written down."""
        return shown(self.path)


def shown(path: str) -> str:
    """A path as text that can be written down; bytes that are no UTF-8 are escaped, so that no two paths meet."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", errors="backslashreplace")


def is_read(name: str) -> bool:
    """Whether a file of this name may hold traces; what it holds is another question."""
    return not name.endswith(_NOT_READ)


class Listing(msgspec.Struct, kw_only=True):
    """One folder as it was listed: its regular files, and what else lies in it.

    Attributes:
        folder: Where it really lies.
        names, sizes, times: Of its regular files, in the order of the listing: bytes and nanoseconds since 1970.
        others: What is no regular file: names ending in ``/``, those of links to files followed by what they lead to.
        whole: Whether everything in it could be looked at, and none of it was left out.
    """

    folder: str
    names: list[str] = msgspec.field(default_factory=list)
    sizes: array[int] = msgspec.field(default_factory=lambda: array("q"))
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))
    others: list[str] = msgspec.field(default_factory=list)
    whole: bool = True

    def candidates(self) -> Iterator[Candidate]:
        """The files that may hold traces."""
        prefix = self.prefix
        for name, size, modified_ns in zip(self.names, self.sizes, self.times, strict=True):
            if is_read(name):
                yield Candidate(prefix + name, size, modified_ns)

    @property
    def prefix(self) -> str:
        """What stands before a name in the path of a file."""
        return self.folder if self.folder.endswith("/") else f"{self.folder}/"

    @property
    def everything(self) -> frozenset[str]:
        """The names of all that lies in the folder."""
        return frozenset((*self.names, *(other.split("/", 1)[0] for other in self.others)))

    def digest(self, key: bytes) -> bytes:
        """Keyed BLAKE2b (16 bytes) of all that was seen, in the order it was listed in."""
        state = hashlib.blake2b(os.fsencode("\0".join((*self.names, "", *self.others))), key=key, digest_size=16)
        state.update(self.sizes)
        state.update(self.times)
        return state.digest()

    def sorted_by_name(self) -> Listing:
        """The same in the order of names: a folder that was copied back is listed in another order."""
        return self._only(sorted(range(len(self.names)), key=self.names.__getitem__))

    def since(self, modified_ns: int) -> Listing:
        """Only the files that were modified at or after an instant."""
        kept = self._only([place for place, time in enumerate(self.times) if time >= modified_ns])
        kept.whole = False
        return kept

    def _only(self, places: list[int]) -> Listing:
        return Listing(
            folder=self.folder, names=[self.names[place] for place in places],
            sizes=array("q", [self.sizes[place] for place in places]),
            times=array("q", [self.times[place] for place in places]), others=sorted(self.others), whole=self.whole,
        )  # fmt: skip
