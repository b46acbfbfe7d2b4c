"""The contract of an adapter: four small files that turn the bytes of one format into executions.

A format is a package with ``sniff.py``, ``read.py``, ``map.py`` and ``capabilities.py``; its ``__init__`` binds them
into one ``Adapter``. ``sniff`` looks at the first bytes only. ``read`` streams records with their byte positions.
``map`` is pure: records in, drafts out. What cannot be used is yielded as ``Damage``; an adapter raises only when the
whole source is unreadable (``SourceError``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from soma.model import ExecutionDraft, PatternDraft
from soma.source import Damage, Limits, Reading, Record, Source

from .blocks.apart import Apart
from .blocks.head import Head
from .blocks.original import Original, Place, bytes_at

Knowledge = Literal["given", "sometimes", "never"]
Yield: TypeAlias = ExecutionDraft | PatternDraft | Damage

FIELDS: tuple[str, ...] = (
    "reasoning", "arguments", "output", "error", "alternatives", "confidence", "started_at", "duration_ms",
    "tokens", "cost_usd", "model", "success", "task", "parent", "operator",
)  # fmt: skip
"""What a source may know about a run, beyond that its decisions happened."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter's claim on a source.

    Attributes:
        confidence: 1.0 unmistakable mark of the format; 0.5 its shape; 0.2 a shape many formats share.
        variant: Which form or version of the format.
        why: What was recognised, for ``soma harvest --dry-run``.
        use: ``read`` it; it is a ``companion`` (an index that other sources are read with); or a ``copy`` of a source
            that is read anyway.
    """

    confidence: float
    variant: str
    why: str
    use: Literal["read", "companion", "copy"] = "read"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the format can tell, field by field (see ``FIELDS``); a field that is left out is ``never`` given."""

    title: str
    fields: Mapping[str, Knowledge]


def no_companions(_: Source) -> list[str]:
    """Most sources are read alone."""
    return []


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """One trace format.

    Attributes:
        name: The format's name, as ``--format`` takes it.
        version: Raised whenever the same bytes would yield other rows: sources read by an older version are read again.
        capabilities: What the format can and cannot tell.
        sniff: Head of a file and its name to ``Match`` or ``None``.
        read: Source to records, streaming; sets ``source.bytes_read`` when it stops before a torn end.
        map: Records of one source, or of several that belong together, to drafts. Pure.
        companions: Relative paths of files that are read with the source; a change in one may mean reading again.
        context: The part of the companions that matters to this source, as plain JSON values; the source is read again
            when it changes. Must be small and must not change for reasons that do not concern the source.
        apart: How lines of one source may be read apart from each other, in several places at once; ``None`` where each
            line means what the lines before it make it mean.
        original: What stands at a place that a record of the source was read from, at most so many bytes of it; by
            default the bytes of the file there. ``None`` where nothing does. Reads only.
    """

    name: str
    version: int
    capabilities: Capabilities
    sniff: Callable[[Head], Match | None]
    read: Callable[[Source, Limits], Reading]
    map: Callable[[Iterable[Record | Damage]], Iterator[Yield]]
    companions: Callable[[Source], list[str]] = no_companions
    context: Callable[[Source], dict[str, Any]] = lambda source: {}
    apart: Apart | None = None
    original: Callable[[Source, Place, int], Original | None] = bytes_at
