"""All the engine knows, as one value that can be written down after any action and taken up by another process."""

from __future__ import annotations

import msgspec

from .baseline import Baseline
from .budget import Spending
from .constants import ENGINE_VERSION, SIGNALS
from .floors import Spikes, Streaks
from .graph import Edge
from .modes import Mode
from .signals import Drift
from .window import Window


def _baselines() -> list[Baseline]:
    return [Baseline() for _ in SIGNALS]


class AgentState(msgspec.Struct, array_like=True):
    """One agent. What rules need stands in ``window`` and ``streaks``.

    Attributes:
        session: The session that runs. pressure: Own pressure after the last action. mode: Mode after it.
        actions: Actions over all sessions. window, drift, streaks: Of the session that runs.
        baselines: One per signal, over all sessions. tokens, cost: Spikes, over all sessions.
        spent: Charged over all sessions. bursts: Lengths of the last runs of failures, over all sessions.
    """

    session: str = ""
    pressure: float = 0.0
    mode: Mode = Mode.OBSERVE
    actions: int = 0
    window: Window = msgspec.field(default_factory=Window)
    drift: Drift = msgspec.field(default_factory=Drift)
    streaks: Streaks = msgspec.field(default_factory=Streaks)
    baselines: list[Baseline] = msgspec.field(default_factory=_baselines)
    tokens: Spikes = msgspec.field(default_factory=Spikes)
    cost: Spikes = msgspec.field(default_factory=Spikes)
    spent: Spending = msgspec.field(default_factory=Spending)
    bursts: list[int] = msgspec.field(default_factory=list)


class EngineState(msgspec.Struct, array_like=True):
    """All agents, what their sessions spent, and the trust between them.

    Attributes:
        version: ``ENGINE_VERSION`` that made it. configuration: Digest of the configuration that made it.
        agents: By name, in the order they appeared. sessions: Spent by session. edges: The trust graph.
    """

    version: int = ENGINE_VERSION
    configuration: str = ""
    agents: dict[str, AgentState] = msgspec.field(default_factory=dict)
    sessions: dict[str, Spending] = msgspec.field(default_factory=dict)
    edges: list[Edge] = msgspec.field(default_factory=list)
