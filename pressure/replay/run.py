"""A replay with all a page or a program wants to see of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from soma.errors import ConfigError
from soma.pressure.constants import ENGINE_VERSION, SIGNALS
from soma.pressure.engine import Configuration
from soma.pressure.modes import Mode
from soma.pressure.patterns import PATTERNS, Pattern, Rulebook, Watched, patterns_digest
from soma.pressure.reading import Reading

from .recording import Recording, Step, Trace, readings
from .watch import watch


class Point(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One action and what the engine answered.

    Attributes:
        number: From 1. agent: Whose. action: What was done. outcome: How that ended. mode: Mode after it.
        pressure: Own pressure. effective: With what reaches it over the trust graph.
        signals: Value of each signal that is known. pressures: Pressure of each that presses.
        floor: The absolute floor that holds, if one does. reason: What decides the mode, in words.
        budget: What is left of the scarcest limit, 0 to 1. decision_id: The decision, where it came from a vault.
    """

    number: int
    agent: str
    action: str
    outcome: str
    mode: str
    pressure: float
    effective: float
    signals: dict[str, float]
    pressures: dict[str, float]
    reason: str
    floor: str | None = None
    budget: float = 1.0
    decision_id: str | None = None


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """The mode of an agent changed at an action."""

    number: int
    agent: str
    action: str
    before: str
    after: str
    effective: float
    reason: str


class Said(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a pattern would have said after an action.

    Attributes:
        number, agent, action: After which action. pattern: Which. severity: ``info``, ``warn`` or ``critical``.
        what: What was seen. advice: What to do next. healing: Role of the action advised next.
        first: Whether it is the one that speaks, where several fire at once. decision_id: The decision it fired after.
    """

    number: int
    agent: str
    action: str
    pattern: str
    severity: str
    what: str
    advice: str
    healing: str | None = None
    first: bool = True
    decision_id: str | None = None


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """One agent over the replay: actions in each mode, its highest effective pressure and the first action with it."""

    agent: str
    actions: int
    modes: dict[str, int]
    peak: float
    peak_at: int
    first_warn: int | None
    budget: float


class Otherwise(msgspec.Struct, frozen=True, rename="camel"):
    """An action at which another configuration would have been in another mode, or out of budget where this was not."""

    number: int
    agent: str
    action: str
    mode: str
    other_mode: str
    exhausted: bool
    other_exhausted: bool


class Comparison(msgspec.Struct, frozen=True, rename="camel"):
    """What another configuration would have made of the same actions."""

    configuration: Configuration
    configuration_digest: str
    modes: dict[str, int]
    different: list[Otherwise]


class Replay(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of ``soma replay``.

    Attributes:
        engine: Engine version that replayed. recorded_engine: That recorded. configuration: In force in the replay.
        trajectory: Digest of all answers. recorded: Digest at the end of the recording; ``None`` without one, or
        where the
            replay was cut or another configuration was asked for. identical: Whether the two are equal.
        complete: Whether the end of the recording was reached, as far as it tells.
        patterns: Digest of the patterns that were asked. firings: What they would have said.
    """

    engine: int
    recorded_engine: int
    configuration: Configuration
    configuration_digest: str
    agents: list[Summary]
    changes: list[Change]
    points: list[Point]
    trajectory: str
    recorded: str | None
    identical: bool | None
    complete: bool | None
    patterns: str
    firings: list[Said]
    comparison: Comparison | None = None


def configuration_file(path: str) -> Configuration:
    """The engine's part of a settings file: ``[budget]`` and ``[thresholds]``, also under ``[tool.soma]``.

    Raises:
        ConfigError: if it cannot be read or a value cannot be used.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        table = table.get("tool", {}).get("soma", {}) if path.endswith("pyproject.toml") else table
        return msgspec.convert({name: table[name] for name in ("budget", "thresholds") if name in table}, Configuration)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise ConfigError(f"the settings cannot be used: {problem}", where=path) from problem


def run(
    recording: Recording,
    configuration: Configuration | None = None,
    *,
    until: int | None = None,
    other: Configuration | None = None,
    patterns: Sequence[Pattern] = PATTERNS,
) -> Replay:
    """Replay a recording.

    Args:
        recording: What to replay.
        configuration: Instead of the recorded one.
        until: Only so many actions.
        other: A second configuration to compare with.
        patterns: What is asked after every action; it changes no pressure.
    """
    used = configuration or recording.header.configuration
    engine = recording.engine(used)
    second = None if other is None else recording.engine(other)
    rulebook = Rulebook(patterns)
    trace, points, changes, different, said = Trace(), [], [], [], []
    modes: dict[str, Mode] = {}
    other_modes: dict[str, int] = {}
    cut = False
    for event in recording.events():
        # Checked before the next event is taken, so that a recording that ends right here is seen to its end.
        if until is not None and trace.actions >= until and isinstance(event, Step):
            cut = True
            break
        for step, reading, watched in watch([event], engine, rulebook):
            trace.add(reading)
            said += _said(trace.actions, step, watched)
            points.append(_point(trace.actions, step, reading))
            if (before := modes.get(step.agent, Mode.OBSERVE)) != reading.mode:
                changes.append(_change(trace.actions, step, reading, before))
            modes[step.agent] = reading.mode
        if second is not None:
            for step, reading in readings([event], second):
                other_modes[reading.mode.name] = other_modes.get(reading.mode.name, 0) + 1
                here = points[-1]
                exhausted = here.budget <= 0.0
                if reading.mode.name != here.mode or reading.exhausted != exhausted:
                    different.append(Otherwise(trace.actions, step.agent, step.action.action, here.mode,
                                               reading.mode.name, exhausted, reading.exhausted))  # fmt: skip
    end = recording.end
    comparable = end is not None and not cut and used.digest == recording.header.configuration_digest
    recorded = end.trajectory if end is not None and comparable else None
    return Replay(
        engine=ENGINE_VERSION,
        recorded_engine=recording.header.engine,
        configuration=used,
        configuration_digest=used.digest,
        agents=[_summary(agent, points) for agent in sorted(modes)],
        changes=changes,
        points=points,
        trajectory=trace.hexdigest(),
        recorded=recorded,
        identical=None if recorded is None else recorded == trace.hexdigest(),
        complete=None if cut or end is None else end.actions == trace.actions,
        patterns=patterns_digest(patterns),
        firings=said,
        comparison=None if other is None else Comparison(other, other.digest, _in_order(other_modes), different),
    )


def _point(number: int, step: Step, reading: Reading) -> Point:
    return Point(
        number=number,
        agent=step.agent,
        action=step.action.action,
        outcome=step.action.outcome,
        mode=reading.mode.name,
        pressure=reading.pressure,
        effective=reading.effective,
        signals={name: value for name, value in zip(SIGNALS, reading.signals, strict=True) if value is not None},
        pressures={name: value for name, value in zip(SIGNALS, reading.pressures, strict=True) if value},
        reason=reading.reason(),
        floor=reading.floor_reason,
        budget=reading.budget,
        decision_id=step.decision_id,
    )


def _said(number: int, step: Step, watched: Watched) -> list[Said]:
    return [
        Said(
            number=number,
            agent=step.agent,
            action=step.action.action,
            pattern=finding.pattern,
            severity=finding.severity.name.lower(),
            what=finding.what,
            advice=finding.advice,
            healing=finding.healing,
            first=place == 0,
            decision_id=step.decision_id,
        )
        for place, finding in enumerate(watched.fired)
    ]


def _change(number: int, step: Step, reading: Reading, before: Mode) -> Change:
    return Change(
        number, step.agent, step.action.action, before.name, reading.mode.name, reading.effective, reading.reason()
    )


def _summary(agent: str, points: Iterable[Point]) -> Summary:
    own = [point for point in points if point.agent == agent]
    modes: dict[str, int] = {}
    for point in own:
        modes[point.mode] = modes.get(point.mode, 0) + 1
    peak = max(own, key=lambda point: (point.effective, -point.number))
    first = next((point.number for point in own if point.mode in {"WARN", "BLOCK"}), None)
    return Summary(agent, len(own), _in_order(modes), peak.effective, peak.number, first, own[-1].budget)


def _in_order(modes: dict[str, int]) -> dict[str, int]:
    return {mode.name: modes.get(mode.name, 0) for mode in Mode}
