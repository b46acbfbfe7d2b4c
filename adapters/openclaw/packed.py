"""Transcripts compressed with zstd, unpacked while they are read."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.blocks.jsonl import read_lines
from soma.source import MIB, Damage, Limits, Reading, Source

from .entries import DECODER

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Small, because a few bytes may unpack to a hundred kilobytes.
_CHUNK = 4096


class Unpacking(io.RawIOBase):
    """Unpacks a zstd stream as it is read.

    Unlike zstandard's own reader it tells an archive that was cut from one that ends, and gives what comes before the
    damage.

    Attributes:
        ended: Whether the end of the archive was reached.
        problem: Why it stopped before that.
    """

    def __init__(self, packed: BinaryIO) -> None:
        import zstandard

        self.ended = False
        self.problem: str | None = None
        self._packed = packed
        self._frames = zstandard.ZstdDecompressor()
        self._frame = self._frames.decompressobj()
        self._inside = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """True: that is all it can do."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill ``target``; 0 at the end, and where the archive is broken."""
        while not self._ready and self.problem is None:
            rest = b""
            if self._frame.eof:
                rest = self._frame.unused_data
                self._frame, self._inside = self._frames.decompressobj(), False
            chunk = rest or self._packed.read(_CHUNK)
            if not chunk:
                self.problem = "it ends inside a frame" if self._inside else None
                self.ended = not self._inside
                break
            self._inside = True
            self._ready = self._unpacked(chunk)
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        """Close the archive too."""
        self._packed.close()
        super().close()

    def _unpacked(self, chunk: bytes) -> memoryview:
        import zstandard

        try:
            return memoryview(self._frame.decompress(chunk))
        except zstandard.ZstdError as problem:
            self.problem = str(problem)
            return memoryview(b"")


class Unpacked(Source):
    """The text inside a zstd file as a source of its own; positions count unpacked bytes.

    Attributes:
        stream: What was opened last.
    """

    def __init__(self, packed: Source, longest: int) -> None:
        super().__init__(packed.path, packed.source_id, size=longest, context=packed.context)
        self._packed = packed
        self.stream: Unpacking | None = None

    def open(self) -> BinaryIO:
        """The unpacked bytes, streaming."""
        self.stream = Unpacking(self._packed.open())
        return cast(BinaryIO, io.BufferedReader(self.stream, MIB))


def read_packed(source: Source, limits: Limits) -> Reading:
    """Records of a compressed transcript; offsets are positions in the unpacked text.

    Yields:
        Records; ``Damage`` where the archive is broken, or where it unpacks to more than ``document_bytes``.
    """
    plain = Unpacked(source, limits.document_bytes)
    end = 0
    for item in read_lines(plain, limits, DECODER):
        end = item.offset + item.length
        if not isinstance(item, Damage):
            item.source = source
        yield item
    stream = plain.stream
    problem = stream.problem if stream is not None else None
    if problem is None and stream is not None and not stream.ended:
        problem = f"it unpacks to more than {plain.size:,} bytes"
    elif problem is None and plain.bytes_read < plain.size:
        # An archive is never written to again: a line that is torn in it stays torn.
        problem = "it ends inside a line"
    if problem is not None:
        yield Damage(source_id=source.source_id, offset=end, length=0, reason=f"broken zstd archive: {problem}")


def unpacked_head(head: Head) -> Head | None:
    """The head of the text inside a compressed file; ``None`` when nothing of it can be unpacked."""
    with io.BufferedReader(Unpacking(io.BytesIO(head.data))) as stream:
        plain = stream.read(HEAD_BYTES)
    return Head(head.name, max(head.size, len(plain)), plain, head.siblings) if plain else None


def first_line(source: Source, longest: int) -> bytes:
    """First line of a source, compressed or not; empty when it cannot be read."""
    try:
        with source.open() as stream:
            packed = stream.read(len(ZSTD_MAGIC)) == ZSTD_MAGIC
        with (Unpacked(source, longest) if packed else source).open() as stream:
            return stream.readline(longest)
    except OSError:
        return b""
