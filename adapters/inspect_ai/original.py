"""The original of a sample: the text of an archive's member, or the bytes of a document."""

from __future__ import annotations

from soma.adapters.blocks.original import Original, Place, bytes_at
from soma.source import DEFAULT_LIMITS, Source

from .archive import MAGIC, Archive, Unreadable


def original(source: Source, place: Place, longest: int) -> Original | None:
    """What stands at ``place`` now; ``None`` where no member of that place and packed length does.

    Raises:
        OSError: if the source cannot be read.
    """
    with source.open() as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return bytes_at(source, place, longest)
        try:
            archive = Archive(stream, DEFAULT_LIMITS.record_bytes)
            for member in archive.members.values():
                if member.offset == place.offset:
                    text = archive.unpacked(member)
                    return Original(text[:longest], member.length, len(text) <= longest)
        except Unreadable:
            pass
    return None
