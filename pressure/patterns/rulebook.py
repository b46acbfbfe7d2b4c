"""All patterns over one engine: which match, which of them fire, and which one speaks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .finding import Finding, Pattern, Situation


class Memory(msgspec.Struct, array_like=True):
    """What the rulebook remembers, as one value that can be saved with the engine's state.

    Attributes:
        fired: Agent to pattern to the number of the agent's action (over all sessions) at which it fired last.
    """

    fired: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)


class Watched(msgspec.Struct, frozen=True, gc=False):
    """What the patterns say to one action.

    Attributes:
        matching: Names of all that match, in the order of the rulebook, cooldown or not.
        fired: Those whose cooldown is over, the one that speaks first.
    """

    matching: tuple[str, ...]
    fired: tuple[Finding, ...]


class Rulebook:
    """Patterns with independent cooldowns.

    Args:
        patterns: In a fixed order; which is asked first decides nothing.
        memory: What another process remembered.
    """

    def __init__(self, patterns: Sequence[Pattern], memory: Memory | None = None) -> None:
        self.patterns = tuple(patterns)
        self.memory = memory or Memory()
        self._priorities = {pattern.name: pattern.priority for pattern in self.patterns}

    def begin(self, agent: str) -> None:
        """A session of ``agent`` begins: cooldowns end."""
        self.memory.fired.pop(agent, None)

    def watch(self, agent: str, situation: Situation) -> Watched:
        """Ask every pattern right after an action of ``agent``."""
        matching, fired = [], []
        number = situation.state.actions
        last = self.memory.fired.setdefault(agent, {})
        for pattern in self.patterns:
            finding = pattern.match(situation)
            if finding is None:
                continue
            matching.append(pattern.name)
            if number - last.get(pattern.name, -pattern.cooldown - 1) > pattern.cooldown:
                last[pattern.name] = number
                fired.append(finding)
        fired.sort(key=lambda one: (-one.severity, -self._priorities[one.pattern], one.pattern))
        return Watched(tuple(matching), tuple(fired))
