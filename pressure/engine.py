"""The engine: one action in, one reading out. Deterministic, without clock, randomness, files or network.

The cost of a step does not depend on how long the agent has been running, and hardly on how long its texts are.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from soma import codec
from soma.config import BudgetSettings, Settings, Thresholds
from soma.errors import SomaError
from soma.identity import digest

from .action import Action
from .aggregate import blend, learn, signal_pressures
from .budget import Spending, health
from .constants import BURSTS, ENGINE_VERSION, GUIDE, SPIKE_LEAST
from .floors import REASONS, Streaks
from .graph import Edge, effective, joined
from .modes import Mode, mode_of
from .reading import Reading
from .signals import Drift, ErrorRate, Uncertainty, Velocity
from .state import AgentState, EngineState
from .window import Window
from .words import intent_of

# More tokens or dollars than any action takes: a mistake of the source.
_MOST = 1e12
_UNCERTAINTY, _ERROR_RATE = Uncertainty(), ErrorRate()
_TOKENS, _COST = Velocity(), Velocity(1_000_000.0)


class StateError(SomaError):
    """A saved state cannot be continued by this engine."""

    default_hint = "start from the beginning: the recording can be replayed"


class Configuration(msgspec.Struct, frozen=True, rename="camel"):
    """What can be set about an engine; its digest, with ``ENGINE_VERSION``, tells which trajectories must be equal."""

    thresholds: Thresholds = Thresholds()
    budget: BudgetSettings = BudgetSettings()

    @property
    def digest(self) -> str:
        """Digest of every value."""
        return digest(codec.encode(self))


def configuration_of(settings: Settings) -> Configuration:
    """The part of the settings the engine takes."""
    return Configuration(settings.thresholds, settings.budget)


class Engine:
    """Pressure of any number of agents.

    Attributes:
        configuration: What was set.
        state: All it knows; rules read it, only the engine writes it.
    """

    def __init__(self, configuration: Configuration | None = None, edges: Iterable[Edge] = ()) -> None:
        self.configuration = configuration or Configuration()
        self.state = EngineState(configuration=self.configuration.digest, edges=joined(edges))
        self._limits = (self.configuration.budget.session, self.configuration.budget.agent)
        self._connected = _connected(self.state.edges)

    def begin(self, agent: str, session: str = "", task_text: str | None = None) -> None:
        """A session of ``agent`` begins: window, streaks and intent start anew, baselines and spending go on."""
        state = self._agent(agent)
        state.session = session
        state.window, state.streaks = Window(), Streaks()
        state.drift = Drift(dict.fromkeys(intent_of(task_text), 1) if task_text else {})
        state.tokens.lately, state.cost.lately = [], []
        state.pressure, state.mode = 0.0, Mode.OBSERVE

    def step(self, agent: str, action: Action) -> Reading:
        """Take in one action of ``agent``.

        Amounts that are no amounts (negative, not finite, beyond reason) count as not known.
        """
        state = self.state.agents.get(agent) or self._agent(agent)
        window, streaks = state.window, state.streaks
        tokens = action.tokens
        if tokens is not None and not 0 <= tokens < _MOST:
            tokens = None
        cost = action.cost_usd
        if cost is not None and not 0.0 <= cost < _MOST:
            cost = None

        seen, left = window.push(action, state.drift.intent, tokens, cost)
        if streaks.failures and not seen.failed:
            state.bursts.append(streaks.failures)
            del state.bursts[:-BURSTS]
        streaks.observe(seen)
        signals = (
            _UNCERTAINTY.of(window), state.drift.of(window, seen, left), _ERROR_RATE.of(window), _TOKENS.of(tokens),
            _COST.of(cost),
        )  # fmt: skip
        floors = (
            *streaks.floors(window.failed, window.steps),
            0.0 if tokens is None else state.tokens.observe(float(tokens), SPIKE_LEAST[0]),
            0.0 if cost is None else state.cost.observe(cost, SPIKE_LEAST[1]),
        )
        floor = max(floors)
        pressures = signal_pressures(signals, state.baselines)
        pressure = blend(pressures)
        if floor > pressure:
            pressure = floor
        # The rule against learning a storm as normal: while any floor holds, no baseline and no median learns.
        calm = floor < GUIDE
        if calm:
            learn(signals, state.baselines)
            if tokens is not None:
                state.tokens.learn(float(tokens))
            if cost is not None:
                state.cost.learn(cost)

        left_over = self._charge(state, tokens, cost)
        state.actions += 1
        state.pressure = reaching = pressure
        if agent in self._connected:
            agents = self.state.agents
            own = {name: agents[name].pressure for name in self._connected if name in agents}
            reaching = effective(own, self.state.edges)[agent]
        state.mode = mode_of(reaching, self.configuration.thresholds)
        a, b, c, d, e = pressures
        return Reading(
            agent, state.mode, reaching, pressure, signals, (a, b, c, d, e), floor,
            REASONS[floors.index(floor)] if floor else None, calm, left_over, left_over <= 0.0,
        )  # fmt: skip

    def own(self) -> dict[str, float]:
        """Own pressure of every agent after its last action."""
        return {name: state.pressure for name, state in self.state.agents.items()}

    def effective(self) -> dict[str, float]:
        """Pressure of every agent with what reaches it over the trust graph now."""
        return effective(self.own(), self.state.edges)

    def save(self) -> bytes:
        """All it knows, as bytes; equal states give equal bytes, whatever the hash seed."""
        return msgspec.msgpack.encode(self.state)

    @classmethod
    def restore(cls, data: bytes, configuration: Configuration | None = None) -> Engine:
        """An engine that goes on where the saved one stopped, bit by bit.

        Raises:
            StateError: if the bytes are no state, or of another engine version or configuration.
        """
        engine = cls(configuration)
        try:
            state = msgspec.msgpack.decode(data, type=EngineState)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise StateError(f"this is no state of the engine: {problem}") from problem
        if state.version != ENGINE_VERSION:
            raise StateError(f"the state was made by engine version {state.version}, this is {ENGINE_VERSION}")
        if state.configuration != engine.state.configuration:
            raise StateError("the state was made with another configuration",
                             hint="restore it with the configuration it was saved with")  # fmt: skip
        engine.state = state
        engine._connected = _connected(state.edges)
        return engine

    def _agent(self, agent: str) -> AgentState:
        return self.state.agents.setdefault(agent, AgentState())

    def _charge(self, state: AgentState, tokens: int | None, cost: float | None) -> float:
        state.spent.charge(tokens, cost)
        session = self.state.sessions.get(state.session)
        if session is None:
            session = self.state.sessions[state.session] = Spending()
        session.charge(tokens, cost)
        of_session, of_agent = self._limits
        return min(health(session, of_session), health(state.spent, of_agent))


def _connected(edges: Iterable[Edge]) -> dict[str, None]:
    """The agents that have an edge, in a fixed order."""
    return dict.fromkeys(name for edge in edges for name in (edge.source, edge.target))
