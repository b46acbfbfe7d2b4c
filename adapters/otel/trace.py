"""Spans to runs: copies become one, spans find their roots, and every root that did agent work is a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from .spans import Span

_AGENTIC = frozenset({"llm", "tool", "agent"})
_FOREVER = 1 << 62
_HIGHEST = 1000  # Deeper nesting is no agent's doing; looking further up for every span would take forever.


class Run(msgspec.Struct, kw_only=True):
    """The spans of one execution.

    Attributes:
        root: Its root span; ``None`` when the exporter dropped it.
        split: Whether its trace holds other runs too.
        spans: All its spans by id, parents before children, in the order they started.
        owners: For every span, the nearest agent or tool above it (``None`` for the top of the run).
        depths: Number of known ancestors of every span.
    """

    trace_id: str
    root: Span | None
    split: bool
    spans: dict[str, Span]
    owners: dict[str, Span | None]
    depths: dict[str, int]

    def ancestors(self, span: Span) -> Iterator[Span]:
        """The spans above ``span``, nearest first."""
        left = min(self.depths.get(span.span_id, 0), _HIGHEST)
        while left > 0 and span.parent_id is not None and span.parent_id in self.spans:
            span = self.spans[span.parent_id]
            left -= 1
            yield span


class Collector:
    """Gathers spans of any number of records and sources, in any order."""

    def __init__(self) -> None:
        self._traces: dict[str, dict[str, Span]] = defaultdict(dict)

    def add(self, span: Span) -> None:
        """Takes a span in; of two records of one span, the one that tells more is kept."""
        spans = self._traces[span.trace_id]
        known = spans.get(span.span_id)
        if known is None or _tells_more(span, known):
            spans[span.span_id] = span

    def runs(self) -> Iterator[Run]:
        """The runs of all traces, ordered by trace."""
        for trace_id in sorted(self._traces):
            yield from _runs_of(trace_id, self._traces.pop(trace_id))


def _tells_more(new: Span, known: Span) -> bool:
    mine, theirs = (_fullness(span) for span in (new, known))
    return mine > theirs or (mine == theirs and new.place < known.place)


def _fullness(span: Span) -> tuple[bool, int, int, bool]:
    return span.end is not None, span.weight, span.end or 0, span.status != "unset"


def _when(span: Span) -> tuple[int, str]:
    at = span.start if span.start is not None else span.end
    return (_FOREVER if at is None else at), span.span_id


def _runs_of(trace_id: str, spans: dict[str, Span]) -> Iterator[Run]:
    tops, depths = _tops(spans)
    members: dict[str, list[Span]] = defaultdict(list)
    for span in spans.values():
        members[tops[span.span_id]].append(span)
    working = _working_tops(members)
    if not working:
        return
    roots = [spans[top] for top in members if spans[top].parent_id is None]
    chosen = sorted((root for root in roots if root.span_id in working), key=_when) or sorted(roots, key=_when)[:1]
    groups: dict[str | None, list[Span]] = {root.span_id: members[root.span_id] for root in chosen}
    for top in working:
        if top not in groups and spans[top].parent_id is not None:
            groups.setdefault(_home(spans[top], chosen), []).extend(members[top])
    for root_id, group in groups.items():
        root = None if root_id is None else spans[root_id]
        yield _run(trace_id, root, group, depths, split=len(groups) > 1)


def _working_tops(members: dict[str, list[Span]]) -> set[str]:
    """The tops under which an agent worked; in a trace without any agent, those with calls to other systems."""
    working = {top for top, group in members.items() if any(span.role in _AGENTIC for span in group)}
    return working or {top for top, group in members.items() if any(span.client for span in group)}


def _home(orphan: Span, roots: list[Span]) -> str | None:
    """The root an orphan belongs to: the latest one that was running when it started, else the first."""
    at = _when(orphan)[0]
    running = [root for root in roots if _when(root)[0] <= at and (root.end is None or at <= root.end)]
    return running[-1].span_id if running else roots[0].span_id if roots else None


def _tops(spans: dict[str, Span]) -> tuple[dict[str, str], dict[str, int]]:
    """For every span the topmost span above it, and how many are between; a circle is cut at its smallest id."""
    tops: dict[str, str] = {}
    depths: dict[str, int] = {}
    for span_id in sorted(spans):
        path: list[str] = []
        seen: set[str] = set()
        current = span_id
        while current not in tops and current not in seen:
            path.append(current)
            seen.add(current)
            parent = spans[current].parent_id
            if parent is None or parent not in spans:
                break
            current = parent
        if current in tops:
            top, depth = tops[current], depths[current] + 1
        else:
            # Either the last of the path has no known parent, or the path ran into itself.
            top, depth = path[-1] if current == path[-1] else min(path), 0
        for step in reversed(path):
            tops[step], depths[step] = top, depth
            depth += 1
    return tops, depths


def _run(trace_id: str, root: Span | None, group: list[Span], depths: dict[str, int], *, split: bool) -> Run:
    ordered = sorted(group, key=lambda span: (depths[span.span_id], _when(span)))
    inside = {span.span_id: span for span in ordered}
    owners: dict[str, Span | None] = {}
    for span in ordered:
        parent = inside.get(span.parent_id or "")
        if parent is None or depths[parent.span_id] >= depths[span.span_id]:
            owners[span.span_id] = None
        else:
            owners[span.span_id] = parent if parent.role in ("agent", "tool") else owners.get(parent.span_id)
    by_time = sorted(ordered, key=_when)
    return Run(
        trace_id=trace_id,
        root=root,
        split=split,
        spans={span.span_id: span for span in by_time},
        owners=owners,
        depths={span.span_id: depths[span.span_id] for span in ordered},
    )


def order(spans: Iterable[Span], depths: dict[str, int]) -> list[Span]:
    """Spans in the order they started; of those that started together, the outer one first."""
    return sorted(
        spans, key=lambda span: (_when(span)[0], depths.get(span.span_id, 0), span.end or _FOREVER, span.span_id)
    )
