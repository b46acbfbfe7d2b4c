"""One trace put together from all records that hold a part of it, and split where a tool ran an agent of its own."""

from __future__ import annotations

import msgspec

from .spans import Header, Span


class Run(msgspec.Struct):
    """The spans of one execution in the order they began.

    Attributes:
        caller: The function span whose tool was this agent; ``None`` for the trace itself.
        above: Function span whose execution the caller belongs to; ``None`` for the trace itself.
        whole: Whether every span's parent is there: a parent that is missing has not ended, or lies elsewhere.
    """

    caller: Span | None
    above: str | None
    spans: list[Span]
    whole: bool = True


class Trace:
    """The header and spans of one trace."""

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.header: Header | None = None
        self.spans: dict[str, Span] = {}

    def add_header(self, header: Header) -> None:
        """Notes the trace record; of several the fullest, whichever came first."""
        if self.header is None or _header_rank(header) > _header_rank(self.header):
            self.header = header

    def add(self, span: Span) -> None:
        """Notes a span; one that was exported again replaces itself only when it has ended later."""
        known = self.spans.get(span.span_id)
        if known is None or _rank(span) > _rank(known):
            self.spans[span.span_id] = span

    def runs(self) -> list[Run]:
        """The executions of the trace, that of the trace itself first."""
        callers = self._callers()
        agents = {callers[span.span_id] for span in self.spans.values() if span.kind == "agent"}
        owners: dict[str | None, str | None] = {None: None}
        # Callers come before what they call, so every owner is known when it is asked for.
        for span_id, caller in callers.items():
            owners[span_id] = span_id if span_id in agents else owners[caller]
        found: dict[str | None, Run] = {None: Run(None, None, [])}
        for span in sorted(self.spans.values(), key=lambda span: span.place):
            owner = owners[callers[span.span_id]]
            if owner is not None and owner not in found:
                found[owner] = Run(self.spans[owner], owners[callers[owner]], [])
            run = found[owner]
            run.spans.append(span)
            run.whole &= span.parent_id is None or span.parent_id in self.spans
        return [run for run in found.values() if run.spans or (run.caller is None and self.header is not None)]

    def _callers(self) -> dict[str, str | None]:
        """The nearest function span above every span, from the outside in; spans that form a ring have none."""
        children: dict[str | None, list[str]] = {}
        for span_id, span in sorted(self.spans.items()):
            parent = span.parent_id if span.parent_id in self.spans else None
            children.setdefault(parent, []).append(span_id)
        callers: dict[str, str | None] = {}
        for start in (*children.get(None, ()), *sorted(self.spans)):
            waiting: list[tuple[str, str | None]] = [(start, None)]
            while waiting:
                span_id, caller = waiting.pop()
                if span_id in callers:
                    continue
                callers[span_id] = caller
                below = span_id if self.spans[span_id].kind == "function" else caller
                waiting.extend((child, below) for child in children.get(span_id, ()))
        return callers


def _rank(span: Span) -> tuple[int, int, str, int]:
    return (span.ended_at or 0, span.length, span.source_id, span.offset)


def _header_rank(header: Header) -> tuple[int, str, int]:
    return (len(header.metadata) + (header.group is not None), header.source_id, header.offset)
