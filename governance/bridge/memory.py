"""What the bridge holds in memory of one version of the vault: everything it answers from, read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from soma import clock
from soma.governance.canon import in_force
from soma.governance.draft import draft
from soma.synthesizer.agents import team_names
from soma.synthesizer.inputs import answer
from soma.synthesizer.jobs import conformance, health, insights
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import number, plain, share
from soma.vault import Snapshot, VaultRoot

from .model import WEIGHT_OF, Answer

_EVIDENCE = 20
_ENOUGH = 1_000_000
_SAID = 600


class Ran(msgspec.Struct, frozen=True):
    """One run; fields in the order of the columns of ``history.sql``. ``ended_at`` in epoch microseconds."""

    agent_id: str
    team_id: str | None
    status: str
    ended_at: int | None


class _Decayed(msgspec.Struct, frozen=True):
    insight_id: str
    type: str
    claim: str
    confidence: float
    agents: list[str]
    tasks: list[str]
    evidence: list[str]


class Memory:
    """One version of a vault; each part is read when it is first asked for.

    Args:
        root: The vault.
        snapshot: The version.
    """

    def __init__(self, root: VaultRoot, snapshot: Snapshot) -> None:
        self._root = root
        self._snapshot = snapshot
        self.version = snapshot.version

    def load(self) -> None:
        """Read all parts now, so that every later question is answered from memory."""
        _ = (self.canon, self.emerging, self.working, self.archive, self.runs, self.bottlenecks, self.conformance)

    @cached_property
    def canon(self) -> tuple[Answer, ...]:
        """Policies in force, those in shadow mode among them; what the audit does not bear out is none."""
        sure = {item.insight_id: item.confidence for item in self._known}
        return tuple(
            Answer(
                id=one.policy.id, kind="policy", source_layer="canon", semantic_weight=WEIGHT_OF["canon"],
                severity=one.policy.effect, confidence=sure.get(one.policy.origin), says=one.policy.message,
                agents=one.policy.scope.agents, teams=one.policy.scope.teams, tasks=one.policy.scope.tasks,
                evidence=one.policy.evidence[:_EVIDENCE], policy=one.policy, ratified_by=one.ratified_by,
                binds=one.binds,
            )
            for one in in_force(self._root, now=clock.now(), snapshot=self._snapshot)
        )  # fmt: skip

    @cached_property
    def emerging(self) -> tuple[Answer, ...]:
        """Proposals that wait for a decision, the surest first, each with the policy it would give."""
        return tuple(_finding(item, "emerging") for item in self._known if item.status == "pending")

    @cached_property
    def working(self) -> Mapping[str, tuple[Answer, ...]]:
        """Team to what was found among its runs alone, and is younger than 14 days."""
        teams = self._snapshot.sql("SELECT DISTINCT team_id FROM team_findings ORDER BY team_id NULLS LAST")["team_id"]
        now = clock.now()
        return {
            team: tuple(
                _finding(item, "working", team)
                for item in insights.run(self._snapshot, team=team, limit=_ENOUGH).insights
                if item.decay_at > now
            )
            for team in sorted({*teams.to_pylist(), *team_names(self._snapshot)})
        }

    @cached_property
    def archive(self) -> tuple[Answer, ...]:
        """How each agent did so far, and findings that decayed."""
        profiles = [_profile(one, self.teams.get(one.agent_id, ())) for one in self.agents.values()]
        gone = answer(self._snapshot, _Decayed, __package__, "decayed")
        return (*profiles, *(_decayed(item) for item in gone))

    @cached_property
    def agents(self) -> Mapping[str, AgentHealth]:
        """Agent to its health, in the order of names."""
        found = health.run(self._snapshot, version=self.version).agents
        return {one.agent_id: one for one in sorted(found, key=lambda one: one.agent_id)}

    @cached_property
    def runs(self) -> Mapping[str, Sequence[Ran]]:
        """Agent to its runs, in the order they ended."""
        found: dict[str, list[Ran]] = defaultdict(list)
        for run in answer(self._snapshot, Ran, __package__, "history"):
            found[run.agent_id].append(run)
        return dict(found)

    @cached_property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """Agent to the teams its runs were of."""
        return {
            agent: tuple(sorted({run.team_id for run in runs if run.team_id is not None}))
            for agent, runs in self.runs.items()
        }

    @cached_property
    def bottlenecks(self) -> Mapping[str, frozenset[str]]:
        """Agent to the actions that are known bottlenecks of it: found so, and not rejected."""
        found: dict[str, set[str]] = defaultdict(set)
        for item in self._known:
            agent, _, action = item.subject.partition(" | ")
            if item.type == "bottleneck" and action and item.status in {"pending", "promoted"}:
                found[agent].add(action)
        return {agent: frozenset(actions) for agent, actions in found.items()}

    @cached_property
    def conformance(self) -> Mapping[str, float]:
        """Agent to the conformance of its last run that could be measured."""
        order = self._snapshot.sql(
            "SELECT execution_id FROM executions ORDER BY coalesce(ended_at, started_at) NULLS FIRST, "
            "execution_id NULLS LAST"
        )["execution_id"].to_pylist()
        place = {execution_id: number for number, execution_id in enumerate(order)}
        last: dict[str, float] = {}
        for one in conformance.run(self._snapshot, limit=_ENOUGH).agents:
            measured = [run for run in one.least if run.conformance is not None]
            if measured:
                latest = max(measured, key=lambda run: place.get(run.execution_id, -1))
                last[one.agent_id] = float(latest.conformance or 0.0)
        return last

    @cached_property
    def _known(self) -> tuple[insights.Insight, ...]:
        return insights.run(self._snapshot, limit=_ENOUGH).insights


def _finding(item: insights.Insight, layer: str, team: str | None = None) -> Answer:
    in_team = layer == "working"
    return Answer(
        id=item.insight_id,
        kind=item.type,
        source_layer="working" if in_team else "emerging",
        semantic_weight=WEIGHT_OF["working" if in_team else "emerging"],
        severity=None if in_team else "warning",
        confidence=item.confidence,
        says=plain(item.claim, _SAID),
        agents=tuple(item.agents),
        teams=() if team is None else (team,),
        tasks=tuple(item.tasks),
        evidence=tuple(item.evidence[:_EVIDENCE]),
        policy=None if in_team else draft(item),
    )


def _decayed(item: _Decayed) -> Answer:
    return Answer(
        id=item.insight_id, kind=item.type, source_layer="archive", semantic_weight=WEIGHT_OF["archive"],
        severity=None, confidence=item.confidence, says=plain(item.claim, _SAID), agents=tuple(item.agents),
        tasks=tuple(item.tasks), evidence=tuple(item.evidence[:_EVIDENCE]),
    )  # fmt: skip


def _profile(one: AgentHealth, teams: tuple[str, ...]) -> Answer:
    done = _done(one)
    ended = "how they ended is not known" if done is None else f"{share(done)} did well by {one.measure}"
    return Answer(
        id=one.agent_id, kind="profile", source_layer="archive", semantic_weight=WEIGHT_OF["archive"], severity=None,
        confidence=None, says=f"{plain(one.agent_id, 80)}: {number(one.runs, 'run')}, {ended}", agents=(one.agent_id,),
        teams=teams,
    )  # fmt: skip


def _done(one: AgentHealth) -> Proportion | None:
    from soma.synthesizer.stats import proportion

    failed = one.failures
    return proportion(failed.total - failed.successes, failed.total) if failed.total else None
