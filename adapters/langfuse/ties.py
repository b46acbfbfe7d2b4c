"""The traces of a line: for files that are read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma.adapters.blocks.apart import Apart
from soma.adapters.blocks.document import as_text, starts_with_a_whole_line

from .export import parts_of
from .map import trace_execution


def ties(value: Any) -> Iterator[list[str]]:
    """Each trace by itself."""
    told = (as_text(fields.get("id" if kind == "trace" else "traceId")) for kind, fields in parts_of(value))
    for trace_id in sorted({trace_id for trace_id in told if trace_id is not None}):
        yield [trace_execution(trace_id)]


APART = Apart(ties, lambda source, _: starts_with_a_whole_line(source))
