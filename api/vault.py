"""A vault with everything that can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from soma import clock
from soma.config import load
from soma.harvester.agents import AgentNames
from soma.harvester.harvest import Options, harvest
from soma.harvester.summary import Summary
from soma.vault import Snapshot, VaultRoot

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from soma.evidence import Evidence
    from soma.pressure.replay.keep import Kept
    from soma.synthesizer.jobs.archetypes.model import Archetypes
    from soma.synthesizer.jobs.briefing.model import Briefing
    from soma.synthesizer.jobs.chain.model import Chains
    from soma.synthesizer.jobs.conformance.model import Conformance
    from soma.synthesizer.jobs.divergence.model import Divergence
    from soma.synthesizer.jobs.drift.model import Drift
    from soma.synthesizer.jobs.gates.model import Gates
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
    from soma.synthesizer.synthesize import Synthesis

    from .governance import Governance


class Vault:
    """A vault: harvest into it, read it as frames, ask it what the commands answer.

    Every property and question works on the vault's newest snapshot; ``snapshot()`` pins one for several questions.

    Args:
        path: The vault's folder; it is made by the first harvest.

    Examples:
        >>> vault = Vault(".soma")                          # doctest: +SKIP
        >>> vault.harvest(["traces/"]).decisions            # doctest: +SKIP
        >>> vault.sql("SELECT agent_id, count(*) FROM executions GROUP BY agent_id")   # doctest: +SKIP
    """

    def __init__(self, path: str | Path = ".soma") -> None:
        self._root = VaultRoot(path)
        self._team: str | None = None

    def __repr__(self) -> str:
        return f"Vault({str(self._root.path)!r})"

    @property
    def path(self) -> Path:
        """The vault's folder."""
        return self._root.path

    def snapshot(self) -> Snapshot:
        """The vault as it is now; later commits do not change it.

        Raises:
            VaultMissing: if nothing was harvested yet.
        """
        settings = load(Path.cwd(), os.environ, {}).settings
        snapshot = self._root.snapshot(settings.tasks, settings.teams)
        return snapshot if self._team is None else snapshot.of_team(self._team)

    def of_team(self, team: str) -> Vault:
        """The same vault with the executions of one team only: ``--team``."""
        narrowed = Vault(self._root.path)
        narrowed._team = team
        return narrowed

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
        return self.snapshot().sql(query, parameters)

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
        settings = load(Path.cwd(), os.environ, {}).settings
        options = Options(
            jobs=jobs or settings.jobs, format=format, agents=AgentNames(override=agent, rules=settings.agents),
            emails=settings.redact.emails, phones=settings.redact.phones,
        )  # fmt: skip
        return harvest([str(path) for path in paths], self._root, options)

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
        from soma.synthesizer.jobs import briefing

        snapshot = self.snapshot()
        return briefing.run(snapshot, agent, version=snapshot.version)

    def report(self) -> Report:
        """Everything in one result: ``soma report``."""
        from soma.synthesizer.jobs import report

        snapshot = self.snapshot()
        return report.run(snapshot, now=clock.now(), version=snapshot.version)

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
        from soma.pressure.replay.keep import keep

        return keep(self._root, configuration_of(load(Path.cwd(), os.environ, {}).settings))

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
