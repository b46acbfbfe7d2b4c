"""A source and what is read from it: the vocabulary that adapters and the harvester share.

An adapter never opens a path by itself. It is handed a ``Source`` and reads bytes from it; files that belong beside
the source (a session index, a job list) are reached through ``Source.companion``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one source may ask of the harvester; what breaks a limit goes to quarantine.

    Attributes:
        record_bytes: Longest single record (line, array item, database row).
        document_bytes: Largest file that has to be read as one JSON value.
        companion_bytes: Largest companion file that is looked at.
        decisions: Most decisions of one execution.
    """

    record_bytes: int = 256 * MIB
    document_bytes: int = 512 * MIB
    companion_bytes: int = 64 * MIB
    decisions: int = 200_000


DEFAULT_LIMITS = Limits()


class Source:
    """One file (or database) that may hold traces.

    Attributes:
        path: Absolute path; ``source_id`` is derived from it.
        name: The last component of the path, as a hint only: contents decide what a file is.
        context: What the adapter's ``context`` found in companion files for this source.
        size: How many bytes of the file belong to this reading: what is appended meanwhile waits for the next harvest.
        bytes_read: How far ``read`` came; less than the size when the last line is torn.
        data: All its bytes, where it is small and was read already.
        document: What ``data`` is as one JSON value, where that is known.
        extents: Where only some of its lines are to be read: first byte and end of each stretch of whole lines, in
            order. Who looks how the file begins still sees all of it.
    """

    def __init__(self, path: str, source_id: str, *, size: int, context: dict[str, Any] | None = None) -> None:
        self.path = path
        self.source_id = source_id
        self.name = os.path.basename(path)
        self.size = size
        self.context: dict[str, Any] = context or {}
        self.bytes_read = size
        self.data: bytes | None = None
        self.document: Any = None
        self.extents: Sequence[tuple[int, int]] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    @property
    def folder(self) -> str:
        """Name of the folder the source lies in."""
        return os.path.basename(os.path.dirname(self.path))

    def open(self) -> BinaryIO:
        """The bytes of the source, buffered, from the start."""
        if self.data is not None:
            return BytesIO(self.data)
        return open(self.path, "rb", buffering=MIB)

    def companion(self, relative: str, limits: Limits = DEFAULT_LIMITS) -> bytes | None:
        """Bytes of a file beside the source (``sessions.json``, ``../../cron/jobs.json``), or ``None``.

        Missing, unreadable and oversized companions are all ``None``: a companion adds knowledge, it is never required.
        """
        path = self.companion_path(relative)
        try:
            if not path.is_file() or path.stat().st_size > limits.companion_bytes:
                return None
            return path.read_bytes()
        except OSError:
            return None

    def companion_path(self, relative: str) -> Path:
        """Where a companion lies (or would lie)."""
        return Path(os.path.normpath(os.path.join(os.path.dirname(self.path), relative)))


class Record(msgspec.Struct, gc=False):
    """One decoded record and the bytes it came from.

    Attributes:
        source: The source it was read from.
        offset: First byte in the source (for a database: the row's sequence number).
        length: Bytes of the record.
        value: The decoded value.
    """

    source: Source
    offset: int
    length: int
    value: Any


class Damage(msgspec.Struct, kw_only=True):
    """Something in a source that could not become a decision: it goes to quarantine and is counted.

    Attributes:
        reason: Why, in words a person can act on; holds no text of the record.
    """

    source_id: str
    offset: int
    length: int
    reason: str


Reading = Iterator[Record | Damage]
