"""The traces of a line: for files that are read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma.adapters.blocks.apart import Apart
from soma.adapters.blocks.document import as_text, starts_with_a_whole_line

from .map import trace_execution
from .spans import items_of


def ties(value: Any) -> Iterator[list[str]]:
    """Each trace by itself: an exporter sends the items of many at once."""
    told = (as_text(item.get("id" if item.get("object") == "trace" else "trace_id")) for item in items_of(value))
    for trace_id in sorted({trace_id for trace_id in told if trace_id is not None}):
        yield [trace_execution(trace_id)]


APART = Apart(ties, lambda source, _: starts_with_a_whole_line(source))
