"""A vault below a prefix of a bucket on S3-compatible storage.

What the storage has to keep: a request that was answered is seen by all later ones, and of two that create one object
at once (``If-None-Match: *``) or change one (``If-Match``) only one succeeds.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from soma.errors import UsageError, VaultError
from soma.identity import digest

from .access import explained, parsed, store_of, translated
from .cache import Cache
from .contract import Lock, Storage
from .lease import Lease

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_T = TypeVar("_T")
_R = TypeVar("_R")

_AT_ONCE = 16
_LEAST_RETENTION_HOURS = 24


class Bucket(Storage):
    """A prefix of a bucket.

    Args:
        address: ``s3://bucket/prefix``.

    Raises:
        UsageError: if it is no such address.
        ConfigError: if the library for it is not installed.
    """

    writable_hint = "check that the AWS_* credentials may write below the prefix, then run the command again"
    # Opening a table reads every entry since the last checkpoint, each with a request of its own.
    log_settings = MappingProxyType({"delta.checkpointInterval": "10"})
    # A writer that was followed may be between writing a file and finding out.
    least_retention_hours = _LEAST_RETENTION_HOURS

    def __init__(self, address: str) -> None:
        self._bucket, self._prefix = parsed(address)
        self.address = f"s3://{self._bucket}/{self._prefix}" if self._prefix else f"s3://{self._bucket}"
        self._store = store_of(self._bucket, self._prefix)
        self._hasty = store_of(self._bucket, self._prefix, patient=False)
        self._cache = Cache(digest(self.identity, size=12))

    @property
    def identity(self) -> str:
        """Endpoint and address: one name may stand for two buckets on two storages."""
        return f"{os.environ.get('AWS_ENDPOINT_URL', '')} {self.address}"

    @property
    def path(self) -> Path:
        """None: no folder of this machine holds the vault."""
        raise UsageError("a vault on S3 has no folder", where=self.address, hint="use its address")

    def where(self, name: str) -> str:
        """The object's address."""
        return f"{self.address}/{name}" if name else self.address

    def _asking(self, what: str, name: str) -> AbstractContextManager[None]:
        return translated(what, self.where(name), self._bucket)

    def prepare(self, *folders: str) -> None:
        """Make sure, before there is a vault, that the storage keeps what writers rely on; a bucket has no folders.

        Raises:
            VaultError: if of two writers both can create or change one object.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        if folders:
            return
        name = f"probe-{secrets.token_hex(8)}"
        with self._asking("the vault cannot be written to", name):
            obstore.put(self._store, name, b"first", mode="create")
            put = partial(obstore.put, self._store, name, b"second")
            for again in (partial(put, mode="create"), partial(put, mode={"e_tag": '"another"'})):
                try:
                    again()
                except (AlreadyExistsError, PreconditionError):
                    continue
                obstore.delete(self._store, name)
                raise VaultError(
                    "the storage does not keep writers apart: it takes no notice of If-None-Match or If-Match",
                    where=self.address, hint="use a storage that does; docs/s3.md tells what it must keep",
                )  # fmt: skip
            obstore.delete(self._store, name)

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        return self.size(name) is not None

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        import obstore

        with self._asking("the vault cannot be read", name):
            return bytes(obstore.get(self._store, name).bytes())

    def create(self, name: str, data: bytes) -> None:
        """Put an object unless there is one."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._asking("the vault cannot be written to", name):
            try:
                obstore.put(self._store, name, data, mode="create")
            except AlreadyExistsError:
                return

    def replace(self, name: str, data: bytes) -> None:
        """Put an object."""
        import obstore

        with self._asking("the vault cannot be written to", name):
            obstore.put(self._store, name, data)

    def names(self, folder: str) -> list[str]:
        """Names of the objects directly below a folder."""
        import obstore

        with self._asking("the vault cannot be listed", folder):
            found = obstore.list_with_delimiter(self._store, folder)["objects"]
        return sorted(Path(item["path"]).name for item in found)

    def size(self, name: str) -> int | None:
        """Bytes of an object."""
        import obstore

        with self._asking("the vault cannot be read", name):
            try:
                return int(obstore.head(self._store, name)["size"])
            except FileNotFoundError as problem:
                if "NoSuchBucket" in str(problem):
                    raise
                return None

    def folder(self, name: str) -> Path:
        """Where copies lie: a file is written there first and is a copy from then on."""
        return self._cache.folder(name)

    def publish(self, folder: str, name: str) -> None:
        """Upload a file. No other object can have its name: it holds random digits and a digest of the bytes."""
        import obstore

        path = self.folder(folder) / name
        try:
            with self._asking("a file of the vault cannot be uploaded", f"{folder}/{name}"):
                obstore.put(self._store, f"{folder}/{name}", path)
        except BaseException:
            self._cache.drop(path)
            raise

    def discard(self, folder: str, name: str) -> None:
        """Delete an object and its copy."""
        self._delete([f"{folder}/{name}"])
        self._cache.drop(self.folder(folder) / name)

    def local(self, folder: str, names: Iterable[str], *, anew: bool = False) -> list[Path]:
        """Copies of objects, made where there are none."""
        wanted = sorted(names)
        place = self.folder(folder)
        copied = self.each(partial(self._copy, folder, anew=anew), wanted)
        if any(copied):
            self._cache.trim()
        return [place / name for name in wanted]

    def _copy(self, folder: str, name: str, *, anew: bool) -> bool:
        path = self.folder(folder) / name
        if not anew and self._cache.holds(path):
            return False
        self._cache.fill(path, self._pieces(f"{folder}/{name}"), self.where(f"{folder}/{name}"))
        return True

    def _pieces(self, name: str) -> Iterator[bytes]:
        import obstore

        try:
            with self._asking("a file of the vault cannot be read", name):
                for piece in obstore.get(self._store, name).stream():
                    yield bytes(piece)
        except FileNotFoundError:
            raise VaultError("a file of the vault is missing", where=self.where(name)) from None

    def logs(self, folders: Iterable[str]) -> set[str]:
        """Those of which there is any object: one request for a layer instead of two for a table."""
        import obstore

        wanted = set(folders)
        with self._asking("the vault cannot be listed", ""):
            pages = self.each(
                partial(obstore.list_with_delimiter, self._store), sorted({name.rpartition("/")[0] for name in wanted})
            )
        return wanted & {name.rstrip("/") for page in pages for name in page["common_prefixes"]}

    def log(self, folder: str) -> str | Path | None:
        """The table's address."""
        return self.where(folder)

    def lock(self, wait_s: float) -> Lock:
        """A lease."""
        return Lease(self._hasty, "lock", self.address, self._bucket, wait_s)

    def night(self, wait_s: float) -> Lock:
        """A lease of its own."""
        return Lease(
            self._hasty, "night.lock", self.address, self._bucket, wait_s, told="another night is running",
            hint="wait for it to end: soma nightly --wait 3600 PATH does",
        )  # fmt: skip

    def set_aside(self, folder: str, to: str) -> None:
        """Copy all objects, then delete them: how a log begins first, so that half of one is seen as such."""
        import obstore

        with self._asking("the damaged table cannot be copied", folder):
            found = [item["path"] for page in obstore.list(self._store, folder) for item in page]
            self.each(lambda name: obstore.copy(self._store, name, f"{to}{name[len(folder) :]}"), found)
        logs = [name for name in found if "/_delta_log/" in name]
        for name in sorted(logs, key=lambda name: (name.endswith(".json"), name)):
            self._delete([name])
        self._delete([name for name in found if name not in logs])

    def _delete(self, names: list[str]) -> None:
        import obstore

        with self._asking("the vault cannot be written to", names[0] if names else ""):
            self.each(partial(obstore.delete, self._store), names)

    def aside(self, folder: str) -> list[str]:
        """The folders beside it whose names tell that they were set aside."""
        import obstore

        layer, _, _ = folder.rpartition("/")
        with self._asking("the vault cannot be listed", layer):
            found = obstore.list_with_delimiter(self._store, layer)["common_prefixes"]
        return sorted(name.rstrip("/") for name in found if name.startswith(f"{folder}.damaged-"))

    def each(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """Several at a time: what costs time is waiting for answers."""
        todo = list(items)
        if len(todo) < 2:
            return [function(item) for item in todo]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(function, todo))

    def words(self, problem: BaseException) -> str:
        """Why, in soma's words."""
        return explained(str(problem), self._bucket)[0]
