"""A vault as a place: where it lies, which version it is, and the ways to open it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soma import clock, codec
from soma.config import TaskRule, TeamRule
from soma.errors import VaultError, VaultMissing, VaultNewer
from soma.schema import LAYERS, SCHEMA_VERSION

from . import migrate
from .storage import Storage, is_remote, storage_of

if TYPE_CHECKING:
    from .snapshot import Snapshot, SqlEngine
    from .writer import Writer

_MARK = "vault.json"
_KEY = "key"
_KEY_BYTES = 32
_WAIT_S = 60.0


class VaultRoot:
    """The place of a vault.

    Args:
        path: The folder, by default ``.soma`` in the working directory, or ``s3://bucket/prefix``. It need not exist
            yet.
        engine: What answers the queries of its snapshots; ``None`` is DuckDB, here.

    Attributes:
        storage: The place itself.

    Raises:
        UsageError, ConfigError: if the address cannot be used.
    """

    def __init__(self, path: str | Path | Storage = ".soma", engine: SqlEngine | None = None) -> None:
        self.storage = storage_of(path)
        self.engine = engine

    def __repr__(self) -> str:
        return f"VaultRoot({self.storage.address!r})"

    @property
    def address(self) -> str:
        """The folder or the address on S3, as it stands after ``--vault``."""
        return self.storage.address

    @property
    def path(self) -> Path:
        """The vault's folder.

        Raises:
            UsageError: if it lies on S3.
        """
        return self.storage.path

    @property
    def beside(self) -> Path:
        """The folder where reports go: the one the vault lies in, or the working directory."""
        return Path.cwd() if is_remote(self.address) else self.path.resolve().parent

    @property
    def exists(self) -> bool:
        """Whether there is a vault here."""
        return self.storage.exists(_MARK)

    def create(self, key: bytes | None = None) -> None:
        """Make the vault if it is not there yet: folders only its owner can enter, its mark and its key.

        Args:
            key: The secret that keeps digests and redaction marks from being guessed; a random one by default.

        Raises:
            VaultError: if the folder cannot be written to.
        """
        if self.exists:
            return
        try:
            self.storage.prepare()
            # Two first harvests at once must agree on one key.
            with self.storage.lock(_WAIT_S) as lock:
                if self.exists:
                    # Whoever made it may be writing to it already: the next writer fences that one off.
                    return
                self.storage.prepare(*LAYERS)
                self.storage.create(_KEY, key or secrets.token_bytes(_KEY_BYTES))
                self.mark(SCHEMA_VERSION)
                lock.fenced()
        except OSError as problem:
            raise VaultError(f"cannot make a vault: {problem.strerror}", where=self.address,
                             hint="choose a folder you can write to with --vault DIR") from problem  # fmt: skip

    def mark(self, schema_version: int) -> None:
        """Write down which layout the vault has.

        Raises:
            OSError, VaultError: if it cannot be written.
        """
        mark = {"format": "soma-vault", "schemaVersion": schema_version, "writtenAt": clock.to_iso(clock.now())}
        self.storage.replace(_MARK, codec.pretty(mark).encode() + b"\n")

    def key(self) -> bytes:
        """The vault's secret key.

        Raises:
            VaultError: if the key file is missing or unreadable.
        """
        try:
            return self.storage.read(_KEY)[:64]
        except OSError as problem:
            raise VaultError(
                "the vault's key cannot be read",
                where=self.storage.where(_KEY),
                hint="restore the file from a backup, or harvest into a new vault",
            ) from problem

    def schema_version(self) -> int:
        """Which layout the vault has.

        Raises:
            VaultMissing: if there is no vault here.
            VaultError: if its mark is damaged.
        """
        mark = self._mark()
        version = mark.get("schemaVersion")
        if mark.get("format") != "soma-vault" or not isinstance(version, int):
            raise VaultError("this is not a vault, or its mark is damaged", where=self.storage.where(_MARK))
        return version

    def _mark(self) -> dict[str, Any]:
        try:
            mark = codec.decode(self.storage.read(_MARK))
        except FileNotFoundError:
            raise VaultMissing("there is no vault here", where=self.address) from None
        except (OSError, codec.Undecodable) as problem:
            raise VaultError(
                f"the vault's mark cannot be read: {problem}", where=self.storage.where(_MARK)
            ) from problem
        return mark if isinstance(mark, dict) else {}

    def check_version(self) -> int:
        """The vault's layout, if this soma knows it.

        Raises:
            VaultMissing, VaultNewer, VaultError: if it does not, or there is no vault.
        """
        version = self.schema_version()
        if version > SCHEMA_VERSION:
            raise VaultNewer(
                f"the vault has layout {version}, this soma knows layouts up to {SCHEMA_VERSION}", where=self.address
            )
        return version

    def snapshot(self, task_rules: Sequence[TaskRule] = (), team_rules: Sequence[TeamRule] = ()) -> Snapshot:
        """The vault as it is now, pinned: what is committed later does not change it.

        Args:
            task_rules: The project's rules about which executions attempt which task, for the jobs that ask it.
            team_rules: Its rules about teams that traces do not name.

        Raises:
            VaultMissing, VaultNewer, VaultError: if it cannot be opened.
        """
        from .snapshot import Snapshot

        if self.check_version() < SCHEMA_VERSION:
            raise VaultError("the vault has an older layout", where=self.address,
                             hint="the next soma harvest brings it up to date")  # fmt: skip
        snapshot = Snapshot.pin(self.storage)
        snapshot.engine = self.engine
        snapshot.task_rules, snapshot.team_rules = tuple(task_rules), tuple(team_rules)
        return snapshot

    def writer(self, *, wait_s: float = _WAIT_S) -> Writer:
        """The one writer of the vault, as a context manager; repairs what a killed writer left behind.

        Args:
            wait_s: How long to wait for another writer to finish.

        Raises:
            VaultLocked: if another writer still holds the vault after ``wait_s`` seconds.
        """
        from .writer import Writer

        if self.check_version() < SCHEMA_VERSION:
            self._upgrade(wait_s)
        return Writer(self.storage, wait_s=wait_s)

    def _upgrade(self, wait_s: float) -> None:
        try:
            with self.storage.lock(wait_s):
                # Asked again: another writer may have done it while this one waited.
                migrate.upgrade(self.storage, self.check_version(), target=SCHEMA_VERSION)
                self.mark(SCHEMA_VERSION)
        except OSError as problem:
            raise VaultError(
                f"the vault cannot be brought up to date: {problem.strerror}",
                where=self.address,
                hint="check that the disk is not full or read-only, then run it again",
            ) from problem
