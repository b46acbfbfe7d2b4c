"""The transcript of a sample: its events in order, those of scorers told from those of the agent."""

from __future__ import annotations

from collections.abc import Iterator

from soma.adapters.blocks.document import as_text

from .shapes import Event, plain_events

_SCORING = frozenset({"scorer", "scorers"})
# Spans may name each other as parents.
_DEEPEST = 64


class Transcript:
    """Events of a sample as one flat list.

    Attributes:
        events: The events of the agent, in order. Old logs nest the events of a tool or a subtask in it.
        agents: Names of the agents that ran outside of any tool call, in order.
    """

    def __init__(self, events: list[Event]) -> None:
        self.events: list[Event] = []
        self.agents: list[str] = []
        self._parents: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._sort(events)
        self._callers = {span: call for event in self.events if event.event == "tool"
                         and (span := as_text(event.agent_span_id)) and (call := as_text(event.id))}  # fmt: skip

    def caller(self, event: Event) -> str | None:
        """Id of the tool call that started the agent this event belongs to."""
        return next(
            (self._callers[span] for span in self._enclosing(as_text(event.span_id)) if span in self._callers), None
        )

    def _sort(self, events: list[Event]) -> None:
        scoring: set[str] = set()
        steps = 0
        for event in _flat(events):
            span, above = as_text(event.id), as_text(event.parent_id)
            if event.event == "span_begin" and span is not None:
                if above is not None:
                    self._parents[span] = above
                self._kinds[span] = as_text(event.type) or ""
                if self._kinds[span] in _SCORING or above in scoring:
                    scoring.add(span)
                elif (name := as_text(event.name)) and self._kinds[span] == "agent" and not self._inside_agent(above):
                    self.agents.append(name)
            elif event.event == "step" and as_text(event.type) in _SCORING:
                steps = max(steps + (1 if event.action == "begin" else -1), 0)
            if not steps and as_text(event.span_id) not in scoring:
                self.events.append(event)

    def _inside_agent(self, span: str | None) -> bool:
        return any(self._kinds.get(outer) in ("tool", "agent") for outer in self._enclosing(span))

    def _enclosing(self, span: str | None) -> Iterator[str]:
        """A span and those around it, innermost first, as far out as agents are nested."""
        for _ in range(_DEEPEST):
            if span is None:
                return
            yield span
            span = self._parents.get(span)


def _flat(events: list[Event]) -> Iterator[Event]:
    pending = [iter(events)]
    while pending:
        event = next(pending[-1], None)
        if event is None:
            pending.pop()
            continue
        yield event
        if event.events:
            pending.append(iter(plain_events(event.events)))
