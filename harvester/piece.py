"""The pieces that a huge file of lines is cut into, and what is found out about them before they are read."""

from __future__ import annotations

import msgspec


class Ending(msgspec.Struct, frozen=True, tag="ending"):
    """Find out how far the source can be read, and the digest of its bytes up to there."""


class Range(msgspec.Struct, frozen=True, tag="range"):
    """Look which executions the lines from byte ``start`` up to ``end`` tell of."""

    start: int
    end: int


class Part(msgspec.Struct, frozen=True, tag="part"):
    """Read some lines, and make rows of the executions in them that are this part's own.

    Attributes:
        extents: First byte and end of each stretch of lines, in order.
        guests: Those lines among them that another part counts, and whose damage it tells.
        foreign: Keys (see ``survey.key_of``) of ids that tell an execution of another part, as 64-bit numbers.
        content_hash, bytes_read: Those of the whole source.
    """

    extents: list[tuple[int, int]]
    guests: list[tuple[int, int]]
    foreign: bytes
    content_hash: str
    bytes_read: int

    @property
    def size(self) -> int:
        """How many bytes it reads."""
        return sum(end - start for start, end in self.extents)


Piece = Ending | Range | Part


class Survey(msgspec.Struct, frozen=True):
    """Which lines of a range belong together, as arrays of numbers.

    Ids that are told together, directly or through others, are a strand.

    Attributes:
        keys: The key of every id, once (64 bits each).
        strands: The strand of each of these ids (32 bits each).
        starts, ends: Stretches of lines that have the same strands (64 bits each); lines of no strand are left out.
        bounds: Where the strands of each stretch begin in ``members``, and of the last one end (32 bits each).
        members: Strands, stretch by stretch (32 bits each).
    """

    keys: bytes
    strands: bytes
    starts: bytes
    ends: bytes
    bounds: bytes
    members: bytes
