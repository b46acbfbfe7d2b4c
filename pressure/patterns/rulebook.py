"""All patterns over one engine: which match, which of them fire, and which one speaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from soma import codec
from soma.identity import digest
from soma.pressure.engine import StateError

from .finding import Finding, Pattern, Situation


class Memory(msgspec.Struct, array_like=True):
    """What the rulebook remembers, as one value that can be saved with the engine's state.

    Attributes:
        fired: Agent to pattern to the number of the agent's action (over all sessions) at which it fired last.
    """

    fired: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)

    def save(self) -> bytes:
        """The memory as bytes; equal memories give equal bytes."""
        return msgspec.msgpack.encode(self, order="deterministic")

    @classmethod
    def restore(cls, data: bytes) -> Memory:
        """What was saved.

        Raises:
            StateError: if the bytes are no memory.
        """
        try:
            return msgspec.msgpack.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise StateError(f"this is no memory of the patterns: {problem}") from problem


class Watched(msgspec.Struct, frozen=True, gc=False):
    """What the patterns say to one action.

    Attributes:
        matching: Names of all that match, in the order of the rulebook, cooldown or not.
        fired: Those whose cooldown is over and whom no other that matches covers, the one that speaks first.
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
        found = [(pattern, finding) for pattern in self.patterns if (finding := pattern.match(situation)) is not None]
        if not found:
            return _NOTHING
        matching = tuple(pattern.name for pattern, _ in found)
        number = situation.state.actions
        last = self.memory.fired.setdefault(agent, {})
        fired = []
        for pattern, finding in found:
            if not pattern.covered_by.isdisjoint(matching):
                continue
            if number - last.get(pattern.name, -pattern.cooldown - 1) > pattern.cooldown:
                last[pattern.name] = number
                fired.append(finding)
        fired.sort(key=lambda one: (-one.severity, -self._priorities[one.pattern], one.pattern))
        return Watched(matching, tuple(fired))


_NOTHING = Watched((), ())


def patterns_digest(patterns: Iterable[Pattern]) -> str:
    """What tells firings of one set of patterns from those of another: name, version, setting, ranks, exclusions.

    A pattern that matches differently has another version.
    """
    told = sorted((p.name, p.version, p.priority, p.cooldown, p.setting, sorted(p.covered_by)) for p in patterns)
    return digest(codec.encode(told))
