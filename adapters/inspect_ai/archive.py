"""Members of a ``.eval`` archive, unpacked one at a time and never further than a limit.

Newer logs are packed with zstd (method 93), which ``zipfile`` does not know.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from typing import BinaryIO

import msgspec

MAGIC = b"PK\x03\x04"
_ZSTD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError,
    NotImplementedError, OverflowError, MemoryError, IndexError,
)  # fmt: skip


class Unreadable(Exception):
    """An archive or a member that cannot be unpacked; the message says why."""


class Member(msgspec.Struct, frozen=True):
    """One member and where it lies in the archive, its own header included."""

    name: str
    offset: int
    length: int
    info: zipfile.ZipInfo


class Archive:
    """A zip archive as its central directory lists it.

    Args:
        stream: The archive, seekable.
        longest: Most bytes a member may unpack to.

    Attributes:
        members: By name, in the order they lie in the file; of several with one name the last one stands.

    Raises:
        Unreadable: if there is no central directory (the file is torn) or it is broken.
    """

    def __init__(self, stream: BinaryIO, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        try:
            self._zip = zipfile.ZipFile(stream)
        except _BROKEN as problem:
            raise Unreadable(f"no zip archive, or its end is missing: {_words(problem)}") from None
        listed = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        ends = [info.header_offset for info in listed[1:]] + [self._zip.start_dir]
        self.members: dict[str, Member] = {}
        for info, end in zip(listed, ends, strict=True):
            self.members.pop(info.filename, None)
            offset = max(info.header_offset, 0)
            self.members[info.filename] = Member(info.filename, offset, max(end - offset, 0), info)

    def unpacked(self, member: Member) -> bytes:
        """The bytes of a member.

        Raises:
            Unreadable: if it is broken, encrypted, packed in an unknown way, or unpacks to more than allowed.
        """
        if member.info.file_size > self._longest:
            raise Unreadable(f"it unpacks to more than {self._longest:,} bytes")
        if member.info.compress_size > member.length:
            # Members that share bytes unpack to far more than an honest archive of that size could hold.
            raise Unreadable("it overlaps another member of the archive")
        try:
            data = self._zstd(member) if member.info.compress_type == _ZSTD else self._plain(member)
        except _BROKEN as problem:
            raise Unreadable(_words(problem)) from None
        if len(data) > self._longest:
            raise Unreadable(f"it unpacks to more than {self._longest:,} bytes")
        return data

    def _plain(self, member: Member) -> bytes:
        with self._zip.open(member.info) as stream:
            return stream.read(self._longest + 1)

    def _zstd(self, member: Member) -> bytes:
        import zstandard

        self._stream.seek(member.offset)
        mark, name, extra = _LOCAL_HEADER.unpack(self._stream.read(_LOCAL_HEADER.size))
        if mark != MAGIC:
            raise zipfile.BadZipFile("no member where one is listed")
        self._stream.seek(name + extra, io.SEEK_CUR)
        packed = self._stream.read(member.info.compress_size)
        try:
            with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream:
                data = stream.read(self._longest + 1)
        except zstandard.ZstdError as problem:
            raise zipfile.BadZipFile(str(problem)) from None
        if zlib.crc32(data) != member.info.CRC and len(data) <= self._longest:
            raise zipfile.BadZipFile("it is not what its checksum says")
        return data


def _words(problem: BaseException) -> str:
    # Messages of zipfile quote names of members, which are text of the trace.
    said = re.split(r"['\"]", str(problem), maxsplit=1)[0].strip()
    return said or type(problem).__name__
