"""Where a vault lies: a folder or a prefix of a bucket on S3-compatible storage; soma sees no difference elsewhere."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from .contract import Lock, Storage
from .folder import Folder

__all__ = ["Folder", "Lock", "Storage", "is_remote", "storage_of"]

_S3 = "s3://"


def storage_of(vault: Storage | Path | str) -> Storage:
    """The storage of a vault, from its address.

    Args:
        vault: A folder, or ``s3://bucket/prefix``; a storage is handed back as it is.

    Raises:
        UsageError: if the address cannot be used.
        ConfigError: if what reading it takes is not installed.
    """
    if isinstance(vault, Storage):
        return vault
    if isinstance(vault, str) and vault.startswith(_S3):
        return _bucket(vault, _environment())
    return Folder(Path(vault))


def is_remote(address: str) -> bool:
    """Whether an address names no folder of this machine."""
    return address.startswith(_S3)


def _environment() -> tuple[tuple[str, str], ...]:
    """What decides how a bucket is reached; a process may change it."""
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith(("AWS_", "SOMA_CACHE"))))


@lru_cache(maxsize=16)
def _bucket(address: str, environment: tuple[tuple[str, str], ...]) -> Storage:  # noqa: ARG001 - a part of the key
    from .bucket import Bucket

    return Bucket(address)
