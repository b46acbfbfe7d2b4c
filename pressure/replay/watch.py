"""Drive engine and rulebook together over events: what was answered and what would have been said, action by action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma.pressure.engine import Engine
from soma.pressure.patterns import Rulebook, Situation, Watched
from soma.pressure.reading import Reading

from .recording import Begin, Event, Step


def watch(events: Iterable[Event], engine: Engine, rulebook: Rulebook) -> Iterator[tuple[Step, Reading, Watched]]:
    """Each action with the engine's answer and what the patterns say to it."""
    for event in events:
        if isinstance(event, Begin):
            engine.begin(event.agent, event.session, event.task_text)
            rulebook.begin(event.agent)
        else:
            reading = engine.step(event.agent, event.action)
            situation = Situation(event.action, reading, engine.state.agents[event.agent])
            yield event, reading, rulebook.watch(event.agent, situation)
