"""Runs with their pressure and what patterns say to them, and what a test may demand of both.

The plugin for pytest hands these out; they are of use without it too:

    >>> from soma.api.observed import observe
    >>> from soma.pressure import Action
    >>> runs = observe([Action(action="exec:pytest", arguments_digest="a", outcome="failed")] * 3)
    >>> runs.peak
    0.5
    >>> runs.stays_below("WARN")
    Traceback (most recent call last):
    ...
    AssertionError: pressure reaches 0.50, which is not below WARN (0.5):
      action 3 of agent: exec:pytest, pressure 0.50 (WARN), same failure
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from soma import clock
from soma.errors import NothingFound, UsageError
from soma.governance.policy import Facts, Policy, Watch, read_policies
from soma.model import NormalizedDecision
from soma.pressure import Action, Configuration, Engine, Mode, Reading, of_row
from soma.pressure.patterns import PATTERNS, Finding, Rulebook
from soma.pressure.replay import recording
from soma.pressure.replay.recording import Begin, Event, Step
from soma.pressure.replay.watch import watch

_SHOWN = 5
Run = list[tuple[Event, NormalizedDecision | None]]
"""What happened in a run, each action with the decision it was made from, where there is one."""


class Moment(NamedTuple):
    """One action of a run: its number (from 1), the action, the engine's answer, and the findings that fired.

    ``run`` counts the runs from 0; ``decision`` is the action as policies see it.
    """

    run: int
    number: int
    step: Step
    decision: NormalizedDecision
    reading: Reading
    fired: tuple[Finding, ...]

    def __str__(self) -> str:
        mode, why = self.reading.mode.name, self.reading.reason()
        return (
            f"action {self.number} of {self.step.agent}: {self.step.action.action}, "
            f"pressure {self.reading.effective:.2f} ({mode}), {why}"
        )


class Observed:
    """Runs that were watched from their first action to their last.

    Attributes:
        moments: Every action of every run, in order.
        configuration: Thresholds and budgets in force.
    """

    def __init__(self, moments: tuple[Moment, ...], configuration: Configuration) -> None:
        self.moments = moments
        self.configuration = configuration

    @property
    def peak(self) -> float:
        """Highest pressure of any run, 0 to 1."""
        return max(moment.reading.effective for moment in self.moments)

    @property
    def fired(self) -> dict[str, int]:
        """How often each pattern fired; those that never did are left out."""
        counts: dict[str, int] = {}
        for moment in self.moments:
            for finding in moment.fired:
                counts[finding.pattern] = counts.get(finding.pattern, 0) + 1
        return counts

    def stays_below(self, limit: float | str) -> None:
        """Demand that the pressure stays below ``limit``: a number, or ``GUIDE``, ``WARN``, ``BLOCK``.

        Raises:
            AssertionError: naming the first actions that reach it.
            UsageError: if it is neither a pressure nor a mode that begins somewhere.
        """
        highest, told = self._limit(limit)
        reaching = [moment for moment in self.moments if moment.reading.effective >= highest]
        if reaching:
            raise AssertionError(f"pressure reaches {self.peak:.2f}, which is not below {told}:\n{_listed(reaching)}")

    def never_fires(self, *patterns: str) -> None:
        """Demand that none of these patterns fires; without a name, that none at all does.

        Raises:
            AssertionError: naming the first firings.
            UsageError: if there is no such pattern: a misspelt one would never fire.
        """
        known = [pattern.name for pattern in PATTERNS]
        for name in patterns:
            if name not in known:
                raise UsageError(f"there is no pattern {name!r}", hint="patterns: " + ", ".join(sorted(known)))
        found = [
            (moment, finding)
            for moment in self.moments
            for finding in moment.fired
            if not patterns or finding.pattern in patterns
        ]
        if found:
            lines = [f"  {finding.pattern} at {moment}: {finding.what}" for moment, finding in found[:_SHOWN]]
            raise AssertionError("\n".join([_count(len(found), "firing"), *lines, *_rest(len(found))]))

    def keeps_to(self, *policies: str | Path | Policy) -> None:
        """Demand that no call is hit by these policies: files of them (``docs/governance.md``), or policies.

        What a trace alone cannot tell (how the agent did lately, its team, its task) counts as not known, and a policy
        that asks for it hits nothing; neither does one about arguments hit actions of a recording, which holds none.

        Raises:
            AssertionError: naming the first calls that are hit.
            ConfigError: if a file holds no policy.
        """
        known = [each for one in policies for each in ([one] if isinstance(one, Policy) else read_policies(Path(one)))]
        lines: list[str] = []
        for _, moments in groupby(self.moments, key=lambda moment: (moment.run, moment.step.agent)):
            lines += _hits(known, list(moments))
        if lines:
            raise AssertionError("\n".join([_count(len(lines), "call"), *lines[:_SHOWN], *_rest(len(lines))]))

    def _limit(self, limit: float | str) -> tuple[float, str]:
        thresholds = self.configuration.thresholds
        modes = {Mode.GUIDE.name: thresholds.guide, Mode.WARN.name: thresholds.warn, Mode.BLOCK.name: thresholds.block}
        if isinstance(limit, str):
            if limit not in modes:
                raise UsageError(f"no mode to stay below is called {limit!r}", hint="one of " + ", ".join(modes))
            return modes[limit], f"{limit} ({modes[limit]:g})"
        if not 0 < limit <= 1:
            raise UsageError(f"a pressure to stay below lies between 0 and 1, not at {limit:g}")
        return limit, f"{limit:g}"


def _hits(policies: Sequence[Policy], moments: Sequence[Moment]) -> Iterator[str]:
    watch_ = Watch(policies, Facts(agent_id=moments[0].step.agent))
    for moment in moments:
        for hit in watch_.check(moment.decision):
            yield f"  {hit.policy.id} at {moment}: {hit.policy.message}"
        watch_.learn(moment.decision, pressure=moment.reading.pressure, mode=moment.reading.mode.name)


def observe(
    what: str | Path | Iterable[Action], configuration: Configuration | None = None, *, format_: str | None = None
) -> Observed:
    """Watch runs: a trace in any format soma reads, a recording, or actions that were just made.

    Every run is watched by itself, with an engine that knows nothing yet; a recording as it was recorded.

    Args:
        what: A file or folder, or the actions of one run in their order.
        configuration: Thresholds and budgets; by default a recording's own, else the built-in ones.
        format_: Name of the adapter to use instead of recognising the format.

    Raises:
        SourceError: if the file cannot be read or holds no run.
        NothingFound: if no run has an action: a demand on nothing would always hold.
    """
    if not isinstance(what, str | Path):
        steps = [Step("agent", action) for action in what]
        return _watched([[(Begin("agent"), None), *((step, None) for step in steps)]], configuration or Configuration())
    if format_ is None and recording.is_recording(Path(what)):
        found = recording.read(Path(what))
        configuration = configuration or found.header.configuration
        recorded: Run = [(event, None) for event in found.events()]
        return _watched([recorded], configuration, found.engine(configuration))
    return _watched(_of_trace(what, format_), configuration or Configuration())


def _watched(runs: Iterable[Run], configuration: Configuration, engine: Engine | None = None) -> Observed:
    moments: list[Moment] = []
    for place, run in enumerate(runs):
        decisions = [told for event, told in run if isinstance(event, Step)]
        seen = watch((event for event, _ in run), engine or Engine(configuration), Rulebook(PATTERNS))
        for number, ((step, reading, watched), told) in enumerate(zip(seen, decisions, strict=True), 1):
            decision = told or _decision(step, place, number)
            moments.append(Moment(place, number, step, decision, reading, watched.fired))
    if not moments:
        raise NothingFound("no run has an action, so nothing could be watched",
                           hint="soma decisions --trace FILE shows what a trace holds")  # fmt: skip
    return Observed(tuple(moments), configuration)


def _decision(step: Step, run: int, number: int) -> NormalizedDecision:
    """An action as policies see it, as far as the action tells."""
    action = step.action
    return NormalizedDecision(
        decision_id=step.decision_id or f"{run}#{number}", execution_id=str(run), agent_id=step.agent, step=number - 1,
        action=action.action, tool=action.tool, role=action.role, outcome=action.outcome, error=action.error,
        output=action.output, reasoning=action.reasoning, arguments_digest=action.arguments_digest,
        output_digest=action.output_digest, started_at=action.started_at, duration_ms=action.duration_ms,
    )  # fmt: skip


def _of_trace(path: str | Path, format_: str | None) -> Iterator[Run]:
    from .trace import rows_of

    rows = rows_of(path, format_)
    by_execution: dict[str, Run] = {}
    for row in rows.decisions.sort_by([("execution_id", "ascending"), ("step", "ascending")]).to_pylist():
        if row["started_at"] is not None:
            row["started_at"] = clock.from_datetime(row["started_at"])
        decision = NormalizedDecision(**{name: row[name] for name in NormalizedDecision.__struct_fields__})
        step = Step(decision.agent_id, of_row(row), decision.decision_id)
        by_execution.setdefault(decision.execution_id, []).append((step, decision))
    for row in rows.executions.sort_by("execution_id").to_pylist():
        begin = Begin(row["agent_id"], row["execution_id"], row["task_text"])
        yield [(begin, None), *by_execution.get(row["execution_id"], [])]


def _listed(moments: list[Moment]) -> str:
    return "\n".join([*(f"  {moment}" for moment in moments[:_SHOWN]), *_rest(len(moments))])


def _rest(many: int) -> list[str]:
    return [f"  and {many - _SHOWN:,} more"] if many > _SHOWN else []


def _count(many: int, noun: str) -> str:
    return f"{many:,} {noun}{'' if many == 1 else 's'}:"
