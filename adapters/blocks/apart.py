"""What an adapter declares so that a huge file of JSON lines can be read in parts, by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from soma.source import Limits, Source


class Apart(msgspec.Struct, frozen=True):
    """Which lines belong together.

    An adapter that declares this promises of its ``read`` and ``map``, for a source that is read by ``read_lines``:

    * all drafts that depend on a line, and all lines that a draft depends on, share an id that ``ties`` tells of them,
      directly or through ids that are told together. Lines in their order that are closed under this, mapped without
      the others, give the drafts that they give among the others;
    * where a line has ids that are not told together, a draft has one of its own ids as ``execution_id`` or among its
      ``claims``, and ``map`` makes damage of the line for what stands in that line alone;
    * there are no patterns, no companions, no context, and no decision has a ``global_id``.

    Formats in which one execution is one file (sessions) or in which lines count those before them (chats that repeat
    themselves, in ``generic``) cannot promise that.

    Attributes:
        ties: The ids of executions, or of parts of them, that a decoded line tells of: groups of ids that belong to one
            execution or to executions that depend on each other.
        lines: Whether ``read`` reads this source by ``read_lines`` and in no other way.
        decoder: A typed decoder that knows no more of a line than ``ties`` needs. It must refuse every line of which
            ``ties`` would then not tell each id that the line has; what it refuses is decoded as plain values.
    """

    ties: Callable[[Any], Iterable[Sequence[str]]]
    lines: Callable[[Source, Limits], bool]
    decoder: msgspec.json.Decoder[Any] | None = None
