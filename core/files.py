"""Writing files the way soma does: private, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_private_folder(path: Path) -> None:
    """Create the folder and its parents; the ones that are new can be entered by their owner only."""
    if path.is_dir():
        return
    make_private_folder(path.parent)
    path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Write ``data`` so that a reader sees the old file or the new one, never half of it, even after a power cut.

    Raises:
        OSError: if the folder cannot be written to.
    """
    write_whole(path, data, PRIVATE_FILE)


def write_private_once(path: Path, data: bytes) -> None:
    """The same, but of two processes that do it at once only the first one's file stands.

    Raises:
        OSError: if the folder cannot be written to.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.mine")
    write_private(beside, data)
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes | Iterable[bytes], mode: int = 0o644) -> None:
    """The same with the file mode chosen by the caller (subject to the umask); ``data`` may come in pieces."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
