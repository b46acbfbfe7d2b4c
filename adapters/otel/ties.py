"""The traces of a line, told from the ids of its spans alone: for files that are read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from soma import identity
from soma.adapters.blocks.apart import Apart

from . import ids
from .lines import FRAMEWORK, Other, other
from .read import is_lines
from .wire import spans_in


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str


class _Scope(msgspec.Struct, gc=False):
    spans: list[_Span] | None = None


class _Group(msgspec.Struct, gc=False, rename="camel"):
    scope_spans: list[_Scope]
    other_scopes: Other = other("scope_spans")
    library_spans: Other = other("instrumentationLibrarySpans")
    other_library_spans: Other = other("instrumentation_library_spans")


class _Batch(msgspec.Struct, gc=False, rename="camel"):
    resource_spans: list[_Group]


def ties(value: Any) -> Iterator[list[str]]:
    """Each trace by itself: a collector sends the spans of many at once."""
    if isinstance(value, _Batch):
        told = {span.trace_id for group in value.resource_spans for scope in group.scope_spans
                for span in scope.spans or ()}  # fmt: skip
        traces = {trace for one in told if (trace := ids.trace_id(one)) is not None}
    else:
        traces = {span.trace_id for span in spans_in(value) if span is not None}
    for trace in sorted(traces):
        yield [identity.qualified(FRAMEWORK, trace)]


APART = Apart(ties, is_lines, msgspec.json.Decoder(_Batch))
