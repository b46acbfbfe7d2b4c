"""A vault with everything that can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from soma import clock
from soma.config import LOCAL_ENGINE, load
from soma.engine.pool import workers
from soma.harvester.harvest import harvest
from soma.harvester.options import options_of
from soma.harvester.summary import Summary
from soma.vault import Snapshot, VaultRoot
from soma.vault.memory import limit_memory

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from soma.api.nightly import Night
    from soma.engine.session import EngineSession
    from soma.evidence import Evidence
    from soma.governance.consultations import PolicyChain
    from soma.pressure.assignment import GuidanceArm
    from soma.pressure.engine import Configuration
    from soma.pressure.replay.firings import Became, Fired
    from soma.pressure.replay.keep import Kept
    from soma.synthesizer.jobs.archetypes.model import Archetypes
    from soma.synthesizer.jobs.briefing.model import Briefing
    from soma.synthesizer.jobs.calibrate.model import Calibration, Risk
    from soma.synthesizer.jobs.chain.model import Chains
    from soma.synthesizer.jobs.conformance.model import Conformance
    from soma.synthesizer.jobs.divergence.model import Divergence
    from soma.synthesizer.jobs.drift.model import Drift
    from soma.synthesizer.jobs.gates.model import Gates
    from soma.synthesizer.jobs.grade.model import Grades
    from soma.synthesizer.jobs.guidance.model import Counted, Guidance
    from soma.synthesizer.jobs.healing.model import By, Healing
    from soma.synthesizer.jobs.health.model import Status
    from soma.synthesizer.jobs.insights.model import Insights
    from soma.synthesizer.jobs.lessons.model import Lessons
    from soma.synthesizer.jobs.localize.model import Localisation
    from soma.synthesizer.jobs.operators.model import Operators
    from soma.synthesizer.jobs.process_map.model import ProcessMap
    from soma.synthesizer.jobs.report.model import Report
    from soma.synthesizer.jobs.signatures.model import Signatures
    from soma.synthesizer.jobs.tasks.model import Tasks
    from soma.synthesizer.jobs.variants.model import Variants
    from soma.synthesizer.kept import Keeping
    from soma.synthesizer.synthesize import Synthesis

    from .governance import Governance


class Vault:
    """A vault: harvest into it, read it as frames, ask it what the commands answer.

    Every property and question works on the vault's newest snapshot; ``snapshot()`` pins one for several questions.

    Args:
        path: The vault's folder, or ``s3://bucket/prefix``; it is made by the first harvest.
        engine: What works: ``local``, or ``sc://host:port`` for a Spark Connect endpoint, which is reached when the
            first question is asked; by default what ``soma.toml`` says. ``sql`` is always answered here, by DuckDB.

    Examples:
        >>> vault = Vault(".soma")                          # doctest: +SKIP
        >>> vault.harvest(["traces/"]).decisions            # doctest: +SKIP
        >>> vault.sql("SELECT agent_id, count(*) FROM executions GROUP BY agent_id")   # doctest: +SKIP
    """

    def __init__(self, path: str | Path = ".soma", engine: str | None = None) -> None:
        self._root = VaultRoot(path)
        self._team: str | None = None
        self._engine = engine
        self._session: EngineSession | None = None

    def __repr__(self) -> str:
        return f"Vault({self._root.address!r})"

    @property
    def address(self) -> str:
        """The vault's folder, or its address on S3."""
        return self._root.address

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the engine; needed only where one was named."""
        if self._session is not None:
            self._session.close()
        self._session = self._root.engine = None

    @property
    def path(self) -> Path:
        """The vault's folder.

        Raises:
            UsageError: if it lies on S3.
        """
        return self._root.path

    def snapshot(self) -> Snapshot:
        """The vault as it is now; later commits do not change it.

        Raises:
            VaultMissing: if nothing was harvested yet.
        """
        self._reach_engine()
        settings = load(Path.cwd(), os.environ, {}).settings
        limit_memory(settings.memory)
        snapshot = self._root.snapshot(settings.tasks, settings.teams)
        return snapshot if self._team is None else snapshot.of_team(self._team)

    def of_team(self, team: str) -> Vault:
        """The same vault with the executions of one team only: ``--team``."""
        self._reach_engine()
        narrowed = Vault(self._root.address)
        narrowed._team, narrowed._root.engine = team, self._root.engine
        return narrowed

    def _reach_engine(self) -> None:
        if self._root.engine is not None:
            return
        engine = load(Path.cwd(), os.environ, {"engine": self._engine}).settings.engine
        if engine == LOCAL_ENGINE:
            return
        from soma.engine.queries import SparkQueries
        from soma.engine.session import open_session

        self._session = open_session(engine)
        self._root.engine = SparkQueries(self._session)

    @property
    def executions(self) -> pl.LazyFrame:
        """All executions, one row each, with ``peak_pressure`` and ``warn_ms``; columns: ``docs/rows.md``."""
        return self.snapshot().executions

    @property
    def decisions(self) -> pl.LazyFrame:
        """All decisions, one row each, scanned lazily."""
        return self.snapshot().decisions

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The answer of one DuckDB query over ``executions``, ``decisions``, ``sources``, ``quarantine``, ``insights``.

        Raises:
            UsageError: if DuckDB refuses the query.
        """
        settings = load(Path.cwd(), os.environ, {}).settings
        here = VaultRoot(self._root.path).snapshot(settings.tasks, settings.teams)
        return (here if self._team is None else here.of_team(self._team)).sql(query, parameters)

    def harvest(
        self,
        paths: Sequence[str | Path],
        *,
        agent: str | None = None,
        format: str | None = None,  # noqa: A002 - the option's name
        jobs: int | None = None,
    ) -> Summary:
        """Read what is new or changed at ``paths``: ``soma harvest``.

        Args:
            paths: Files, folders, globs.
            agent: Name all agents so, whatever the traces say.
            format: Read every file as this format instead of recognising it.
            jobs: Worker processes; by default one per processor.
        """
        settings = load(Path.cwd(), os.environ, {"engine": self._engine}).settings
        options = options_of(settings, agent=agent, format_=format)
        options = msgspec.structs.replace(options, jobs=jobs or options.jobs)
        # What a harvest asks of the vault are small questions: they stay here.
        root = VaultRoot(self._root.address)
        with workers(settings.engine, root) as readers:
            return harvest([str(path) for path in paths], root, options, start_workers=readers)

    def status(self) -> Status:
        """The agents by health: ``soma status``."""
        from soma.synthesizer.jobs import health

        snapshot = self.snapshot()
        return health.run(snapshot, version=snapshot.version)

    def briefing(self, agent: str) -> Briefing:
        """Is this agent healthy, why not, what to do: ``soma briefing``.

        Raises:
            NothingFound: if the vault holds no run of that agent.
        """
        from soma.api.binding import binding_on
        from soma.synthesizer.jobs import briefing

        snapshot = self.snapshot()
        binding = binding_on(agent, self._root, snapshot, now=clock.now())
        return briefing.run(snapshot, agent, version=snapshot.version, binding=binding)

    def report(self, *, diff: str | Path | None = None) -> Report:
        """Everything in one result: ``soma report``; ``diff``: an earlier report to tell the changes from."""
        return self._report(diff)[0]

    def html(self, *, diff: str | Path | None = None) -> str:
        """The same as one page for people: ``soma report --html``."""
        from soma.synthesizer import html

        report, asked = self._report(diff)
        return html.page(html.dossier(asked, report))

    def _report(self, diff: str | Path | None) -> tuple[Report, Keeping]:
        from soma.api.reporting import report_of
        from soma.synthesizer.jobs.report.diff import earlier_of
        from soma.synthesizer.kept import Keeping

        earlier = None if diff is None else earlier_of(Path(diff).read_bytes(), str(diff))
        snapshot = self.snapshot()
        asked = Keeping(snapshot)
        return report_of(self._root, snapshot, now=clock.now(), earlier=earlier, asked=asked), asked

    def nightly(self, paths: Sequence[str | Path], out: str | Path | None = None, *, wait: float = 0.0) -> Night:
        """Harvest, replay, synthesize, gate and report into the folder ``out``: ``soma nightly``.

        Raises:
            VaultLocked: if another night is still running after ``wait`` seconds.
        """
        from soma.api.nightly import nightly

        settings = load(Path.cwd(), os.environ, {"engine": self._engine}).settings
        root = VaultRoot(self._root.address)
        folder = Path(out) if out is not None else self._root.beside
        names = [str(path) for path in paths]
        with workers(settings.engine, root) as readers:
            return nightly(root, names, folder, settings, options_of(settings), wait_s=wait, start_workers=readers)

    def divergence(self, *agents: str, task: str | None = None, delta: float = 0.10) -> Divergence:
        """At which step agents part, and whether it is real: ``soma divergence``."""
        from soma.synthesizer.jobs import divergence

        return divergence.run(self.snapshot(), agents or None, task, delta=delta)

    def signatures(self, agent: str | None = None) -> Signatures:
        """The paths agents take and how they end: ``soma signatures``."""
        from soma.synthesizer.jobs import signatures

        return signatures.run(self.snapshot(), agent)

    @property
    def governance(self) -> Governance:
        """What waits for a decision, what binds, and deciding: ``soma governance``."""
        from .governance import Governance

        return Governance(self._root, self.snapshot)

    def synthesize(self) -> Synthesis:
        """Run all jobs over what is new, keep their answers, propose what they find: ``soma synthesize``."""
        from soma.synthesizer.synthesize import synthesize

        self._reach_engine()
        settings = load(Path.cwd(), os.environ, {}).settings
        return synthesize(
            self._root,
            now=clock.now(),
            task_rules=settings.tasks,
            team_rules=settings.teams,
            replay=lambda _: self.replay().executions,
        )

    def replay(self) -> Kept:
        """Keep the pressure of every execution that is new or changed: ``soma replay --all``."""
        from soma.pressure import configuration_of
        from soma.pressure.patterns import patterns_of
        from soma.pressure.replay.keep import keep

        settings = load(Path.cwd(), os.environ, {}).settings
        return keep(self._root, configuration_of(settings), patterns=patterns_of(settings.patterns))

    def record_firings(self, firings: Iterable[Fired] = (), outcomes: Iterable[Became] = ()) -> dict[str, GuidanceArm]:
        """Record firings of a real deployment, each with an arm, and what became of them.

        Texts are redacted first. A firing that is recorded again keeps its arm, and nothing is written for it.

        Returns:
            The arm of each firing: only ``treatment`` is told to the agent.

        Raises:
            UsageError: if an outcome is of a firing that was never recorded.
            VaultError: if a firing has no id.
            VaultMissing: if nothing was harvested yet.
        """
        from soma.harvester.redact import Redactor
        from soma.pressure.replay.firings import record

        redactor = Redactor(self._root.key())
        return record(self._root, firings, outcomes, redact=redactor.text)

    def tasks(self) -> Tasks:
        """What several executions attempted alike: ``soma tasks``."""
        from soma.synthesizer.jobs import tasks

        return tasks.run(self.snapshot())

    def variants(self, agent: str | None = None, task: str | None = None) -> Variants:
        """The few paths most executions take, and the beginnings that lead to failure: ``soma variants``."""
        from soma.synthesizer.jobs import variants

        return variants.run(self.snapshot(), agent, task)

    def archetypes(self, agent: str | None = None) -> Archetypes:
        """Kinds of executions, by how alike their paths are: ``soma archetypes``."""
        from soma.synthesizer.jobs import archetypes

        return archetypes.run(self.snapshot(), agent)

    def process_map(self, agent: str | None = None, task: str | None = None) -> ProcessMap:
        """Which action follows which, how often, and how it ends: ``soma map``."""
        from soma.synthesizer.jobs import process_map

        return process_map.run(self.snapshot(), agent, task)

    def conformance(self, agent: str, task: str | None = None) -> Conformance:
        """How far the executions of an agent keep to the usual way: ``soma conformance``.

        Raises:
            NothingFound: if the vault holds no execution of that agent.
        """
        from soma.synthesizer.jobs import conformance

        return conformance.run(self.snapshot(), agent, task)

    def drift(self, agent: str | None = None) -> Drift:
        """Since when agents behave differently: ``soma drift``."""
        from soma.synthesizer.jobs import drift

        return drift.run(self.snapshot(), agent)

    def localize(self, execution: str) -> Localisation:
        """Which decision made an execution fail: ``soma localize``.

        Raises:
            NothingFound: if there is no such execution.
        """
        from soma.synthesizer.jobs import localize

        return localize.run(self.snapshot(), execution)

    def insights(self, agent: str | None = None) -> Insights:
        """What the nights found, the surest first: ``soma insights``."""
        from soma.synthesizer.jobs import insights

        return insights.run(self.snapshot(), agent=agent, team=self._team)

    def gates(self, by: str, *, treatment: str | None = None, control: str | None = None) -> Gates:
        """Is one arm of executions better than another: ``soma gates --by LABEL``.

        Raises:
            NothingFound: if no execution tells the label, or no execution is of an arm named.
        """
        from soma.synthesizer.jobs import gates

        return gates.run(self.snapshot(), by, treatment=treatment, control=control)

    def guidance(self, *, outcome: Counted = "recovered", horizon: int = 5) -> Guidance:
        """Do the messages of guidance patterns help: ``soma gates`` without ``--by``."""
        from soma.synthesizer.jobs import guidance

        return guidance.run(self.snapshot(), outcome=outcome, horizon=horizon)

    def healing(self, *, by: By = "role", horizon: int = 5) -> Healing:
        """What helps after a failure: ``soma healing``."""
        from soma.synthesizer.jobs import healing

        return healing.run(self.snapshot(), by=by, horizon=horizon)

    def grade(self, agent: str | None = None, framework: str | None = None) -> Grades:
        """What predicts failure, and what only seems to: ``soma grade``.

        Raises:
            NothingFound: if the vault holds no run of that agent.
        """
        from soma.synthesizer.jobs import grade

        from .readings import answered, pattern_names

        snapshot = self.snapshot()
        return grade.run(
            snapshot, agent=agent, framework=framework, answered=answered(snapshot, _configuration()),
            patterns=pattern_names(),
        )  # fmt: skip

    def calibrate(self) -> Calibration:
        """Fit the learned aggregator and keep it where it is new: ``soma calibrate``."""
        from soma.synthesizer.jobs import calibrate

        from .readings import answered, pattern_names

        snapshot = self.snapshot()
        made = calibrate.run(snapshot, answered=answered(snapshot, _configuration()), patterns=pattern_names())
        calibrate.keep(self._root, made)
        return made

    def risk(self, execution: str) -> Risk | None:
        """The chance that an execution fails; ``None`` where the learned aggregator is not shown to be better.

        Raises:
            NothingFound: if no execution, or more than one, has such an id.
        """
        from soma.synthesizer.jobs import calibrate

        from .readings import answered_of

        snapshot = self.snapshot()
        return calibrate.risk(snapshot, execution, answered=lambda one: answered_of(snapshot, one, _configuration()))

    def operators(self) -> Operators:
        """Who stands behind the executions: ``soma operators``."""
        from soma.synthesizer.jobs import operators

        return operators.run(self.snapshot())

    def lessons(self, agent: str | None = None, *, query: str | None = None) -> Lessons:
        """Errors that were fixed, how, and how often that worked: ``soma lessons``."""
        from soma.synthesizer.jobs import lessons

        return lessons.run(self.snapshot(), agent, query=query)

    def chain(self, execution: str) -> Chains:
        """One execution, decision by decision: ``soma decisions --execution``.

        Raises:
            NothingFound: if there is no such execution.
        """
        from soma.synthesizer.jobs import chain

        return chain.run(self.snapshot(), execution)

    def chain_of_policy(self, policy: str, *, limit: int = 20) -> PolicyChain:
        """Who consulted a policy, who followed it, and how that ended: ``soma chain``.

        Raises:
            NothingFound: if the vault knows no such policy.
            UsageError: if it is a proposal that gives no policy.
        """
        from soma.governance import consultations
        from soma.governance.reading import show

        return consultations.run(self.snapshot(), show(self._root, policy, now=clock.now()), limit=limit)

    def evidence(self, identity: str, *, limit: int = 5) -> Evidence:
        """What a policy, finding, run or decision rests on, down to the bytes: ``soma evidence``.

        Raises:
            NothingFound: if the vault holds nothing of that id.
        """
        from soma.evidence import walk
        from soma.harvester.redact import Redactor

        key, redact = self._root.key(), load(Path.cwd(), os.environ, {}).settings.redact
        redactor = Redactor(key, emails=redact.emails, phones=redact.phones)
        return walk(self.snapshot(), identity, key=key, redactor=redactor, limit=limit)


def _configuration() -> Configuration:
    """The pressure engine as the project sets it."""
    from soma.pressure import configuration_of

    return configuration_of(load(Path.cwd(), os.environ, {}).settings)
