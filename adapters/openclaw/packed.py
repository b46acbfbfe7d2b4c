"""Transcripts compressed with zstd, unpacked while they are read."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.blocks.jsonl import read_lines
from soma.source import MIB, Damage, Limits, Reading, Source

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Small, because a few bytes may unpack to a hundred kilobytes.
_CHUNK = 4096


class Unpacked(Source):
    """The text inside a zstd file as a source of its own; positions count unpacked bytes."""

    def __init__(self, packed: Source, longest: int) -> None:
        super().__init__(packed.path, packed.source_id, size=longest, context=packed.context)
        self._packed = packed

    def open(self) -> BinaryIO:
        """The unpacked bytes, streaming; reading raises ``EOFError`` where the archive was cut."""
        return cast(BinaryIO, io.BufferedReader(_Unpacking(self._packed.open()), MIB))


class _Unpacking(io.RawIOBase):
    """Unpacks as it is read. Unlike zstandard's own reader it tells a cut archive from one that ends."""

    def __init__(self, packed: BinaryIO) -> None:
        import zstandard

        self._packed = packed
        self._frames = zstandard.ZstdDecompressor()
        self._frame = self._frames.decompressobj()
        self._at_start = True
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._ready:
            if self._frame.eof:
                rest = self._frame.unused_data
                self._frame, self._at_start = self._frames.decompressobj(), True
            else:
                rest = b""
            chunk = rest or self._packed.read(_CHUNK)
            if not chunk:
                if self._at_start:
                    return 0
                raise EOFError("it ends inside a frame")
            self._at_start = False
            self._ready = memoryview(self._frame.decompress(chunk))
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._packed.close()
        super().close()


def read_packed(source: Source, limits: Limits) -> Reading:
    """Records of a compressed transcript; offsets are positions in the unpacked text.

    Yields:
        Records; ``Damage`` where the archive is broken, or where it unpacks to more than ``document_bytes``.
    """
    import zstandard

    plain = Unpacked(source, limits.document_bytes)
    end = 0
    try:
        for item in read_lines(plain, limits):
            end = item.offset + item.length
            if not isinstance(item, Damage):
                item.source = source
            yield item
    except (zstandard.ZstdError, EOFError) as problem:
        yield Damage(source_id=source.source_id, offset=end, length=0, reason=f"broken zstd archive: {problem}")
        return
    if plain.bytes_read < plain.size or end >= plain.size:
        # An archive is never written to again: what is torn stays so.
        yield Damage(source_id=source.source_id, offset=end, length=0,
                     reason=f"the archive ends inside a line, or unpacks to more than {plain.size:,} bytes")  # fmt: skip


def unpacked_head(head: Head) -> Head | None:
    """The head of the text inside a compressed file; ``None`` when it cannot be unpacked."""
    import zstandard

    plain = bytearray()
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(head.data), read_across_frames=True)
    try:
        while len(plain) < HEAD_BYTES and (block := reader.read(HEAD_BYTES - len(plain))):
            plain += block
    except zstandard.ZstdError:
        # A head is cut in the middle of a block; what came before it is good.
        pass
    return Head(head.name, max(head.size, len(plain)), bytes(plain), head.siblings) if plain else None


def first_line(source: Source, longest: int) -> bytes:
    """First line of a source, compressed or not; empty when it cannot be read."""
    import zstandard

    try:
        with source.open() as stream:
            packed = stream.read(4) == ZSTD_MAGIC
        with (Unpacked(source, longest) if packed else source).open() as stream:
            return stream.readline(longest)
    except (OSError, EOFError, zstandard.ZstdError):
        return b""
