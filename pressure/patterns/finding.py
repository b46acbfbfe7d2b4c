"""What a pattern is, what it is shown, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import ClassVar, NamedTuple

import msgspec

from soma.pressure.action import Action
from soma.pressure.reading import Reading
from soma.pressure.state import AgentState


class Severity(IntEnum):
    """How much a finding matters: of several, the one with the highest speaks."""

    INFO = 0
    WARN = 1
    CRITICAL = 2


class Situation(NamedTuple):
    """What a pattern looks at, right after an action: the action, the engine's answer, and the agent's state with it.

    A pattern reads; it never writes into the state.
    """

    action: Action
    reading: Reading
    state: AgentState


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A pattern matched.

    Attributes:
        pattern: Its name. severity: How much it matters.
        what: What was seen, with its figures, in one sentence.
        advice: What to do next, in one sentence to the agent.
        healing: Role of the action to take next (``read``, ``search``, ...); ``None`` where it is none in particular.
    """

    pattern: str
    severity: Severity
    what: str
    advice: str
    healing: str | None = None


class Pattern(ABC):
    """One rule over the state; one module each.

    Attributes:
        name: Its name, everywhere. version: Raised when it matches differently; firings of another version are others.
        priority: Of findings equally severe, the highest speaks.
        cooldown: Actions after a firing in which the pattern does not fire again for this agent.
        healing: Role of the action it usually advises next; ``None`` where it is none in particular.
        covered_by: Patterns that say all it would say: while one of them matches, it matches but does not fire.
        setting: What was set about it, where something can be; part of what tells its firings from others.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    priority: ClassVar[int]
    cooldown: ClassVar[int] = 5
    healing: ClassVar[str | None] = None
    covered_by: ClassVar[frozenset[str]] = frozenset()
    setting: str = ""

    @abstractmethod
    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the pattern holds right after this action."""
