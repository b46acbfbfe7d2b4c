"""Folders in which nothing has happened: one digest of a folder's listing instead of a look at each of its sources.

A harvest leaves beside the tables what it knows of every folder it has read to the last file: keyed digests of its
listing, and how its sources count. A folder whose listing is the same holds only sources that are unchanged, since all
that decides about one is in the listing: names, sizes and times of the source and of the files beside it. Where a
source is read with a file that lies elsewhere, or failed, its folder is looked at source by source every time.

What is kept was derived from the ledger and holds only while the ledger consists of the same files. It may be deleted
at any time; the next harvest that changes the vault writes it anew.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable

import msgspec

from soma import files, identity
from soma.schema import SOURCES
from soma.vault.delta import LiveTable
from soma.vault.storage import Storage

from .listing import Candidate, Listing, is_read

_NAME = "quiet"
_VERSION = 1
_MOST = 1 << 20
"""Folders that are remembered at most: those of the latest harvests."""

How = tuple[str, str | None]
"""A source's state and the adapter that claims it."""


class _Folder(msgspec.Struct, array_like=True, gc=False):
    """A folder to the last file: digests of its listing as it came and by name, and its sources by how they count."""

    listed: bytes
    by_name: bytes
    counts: list[tuple[str, str | None, int]]


class _Kept(msgspec.Struct):
    version: int
    basis: str
    reader: str
    folders: dict[bytes, _Folder]


class _Watched(msgspec.Struct):
    listed: bytes
    by_name: bytes
    sources: int
    counts: Counter[How]


_DECODER = msgspec.msgpack.Decoder(_Kept)


class Quiet:
    """What is known of whole folders.

    Args:
        vault: Where the vault lies; of one that lies elsewhere this is kept beside the copies on this machine.
        key: Its secret key.
        reader: Digest of all that decides what the same bytes yield.
        ledger: The ledger before this harvest.

    Attributes:
        counts: Sources that are unchanged by how they count: to begin with, those of the folders it knows.
    """

    def __init__(self, vault: Storage, key: bytes, reader: str, ledger: LiveTable | None) -> None:
        self.counts: Counter[How] = Counter()
        self._vault = vault
        self._path = vault.folder("") / _NAME
        self._key = key
        self._reader = reader
        self._watched: dict[str, _Watched] = {}
        self._folders = self._read(_basis(ledger)) if ledger is not None else {}

    def _read(self, basis: str) -> dict[bytes, _Folder]:
        try:
            kept = _DECODER.decode(self._path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return {}
        same = (kept.version, kept.basis, kept.reader) == (_VERSION, basis, self._reader)
        return kept.folders if same else {}

    def knows(self, listing: Listing) -> bool:
        """Whether no source of the folder has changed; its sources are counted then."""
        folder = self._folders.get(self._place(listing.folder))
        if folder is None or not listing.whole:
            return False
        if listing.digest(self._key) != folder.listed and listing.sorted_by_name().digest(self._key) != folder.by_name:
            return False
        for state, adapter, count in folder.counts:
            self.counts[state, adapter] += count
        return True

    def watch(self, listings: Iterable[Listing]) -> None:
        """Follow what comes of the sources of these folders."""
        for listing in listings:
            self._folders.pop(self._place(listing.folder), None)
            if listing.whole:
                by_name = listing.sorted_by_name().digest(self._key)
                sources = sum(map(is_read, listing.names))
                self._watched[listing.folder] = _Watched(listing.digest(self._key), by_name, sources, Counter())

    def settled(self, candidate: Candidate, state: str, adapter: str | None) -> None:
        """The vault holds all that can be known of this source, and nothing outside its folder decides about it."""
        folder, _, name = candidate.path.rpartition("/")
        watched = self._watched.get(folder or "/")
        if watched is not None and is_read(name):
            watched.counts[state, adapter] += 1

    def unsettled(self, candidate: Candidate) -> None:
        """The next harvest has to look at this source, come what may."""
        folder = candidate.path.rpartition("/")[0] or "/"
        self._watched.pop(folder, None)
        self._folders.pop(self._place(folder), None)

    def keep(self) -> None:
        """Write down what is known now, after the last commit."""
        for name, watched in self._watched.items():
            if watched.counts.total() == watched.sources:
                counts = [(*how, count) for how, count in sorted(watched.counts.items(), key=repr)]
                self._folders[self._place(name)] = _Folder(watched.listed, watched.by_name, counts)
        latest = dict(list(self._folders.items())[-_MOST:])
        kept = _Kept(_VERSION, _basis(LiveTable(self._vault, SOURCES)), self._reader, latest)
        try:
            files.write_private(self._path, msgspec.msgpack.encode(kept))
        except OSError:
            # What was committed stands. What is written there now holds for another ledger, so nobody believes it.
            return

    def _place(self, folder: str) -> bytes:
        return hashlib.blake2b(os.fsencode(folder), key=self._key, digest_size=16).digest()


def _basis(ledger: LiveTable) -> str:
    return identity.digest("\n".join(sorted(ledger.files())), size=16)
