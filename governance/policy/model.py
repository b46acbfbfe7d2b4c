"""A policy: whom it is about, when it holds, what it does, what it rests on and until when."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec

from soma import clock, codec
from soma.globs import any_of
from soma.identity import digest

from .conditions import Condition
from .match import Call, Glob, Globs

Effect = Literal["error", "warning"]
Mode = Literal["enforce", "shadow"]
Tasks = Annotated[tuple[Glob, ...], msgspec.Meta(max_length=10_000)]
"""A finding about agents that do the same work names every task they share."""
PolicyId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]*\Z", max_length=80)]


class Facts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known about an execution besides its calls. Left out means not known.

    Attributes:
        agent_id: Who runs.
        team_id: Their team.
        tasks: Names of its task: the key ``soma tasks`` gives, the id the source gives, or both.
        failure_rate: Share of the agent's recent executions that failed, 0 to 1.
        conformance: The agent's last known conformance, 0 to 1.
        bottlenecks: Actions that are known bottlenecks of the agent.
        depth: By how many delegations the execution lies below a top-level one.
    """

    agent_id: str
    team_id: str | None = None
    tasks: tuple[str, ...] = ()
    failure_rate: float | None = None
    conformance: float | None = None
    bottlenecks: frozenset[str] = frozenset()
    depth: int | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Whom a policy is about. Fields left out allow everything; of a list one must match.

    Attributes:
        agents: Globs for the agent.
        teams: Globs for its team; an agent without a team is outside.
        tasks: Globs for the task; an execution whose task is not known is outside.
        calls: Which calls can be hit at all.
    """

    agents: Globs = ()
    teams: Globs = ()
    tasks: Tasks = ()
    calls: Call = Call()

    def covers(self, facts: Facts) -> bool:
        """Whether an execution with these facts is inside."""
        return (
            (not self.agents or any_of(self.agents, facts.agent_id))
            and (not self.teams or (facts.team_id is not None and any_of(self.teams, facts.team_id)))
            and (not self.tasks or any(any_of(self.tasks, task) for task in facts.tasks))
        )


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A policy as it is written, proposed and ratified. Who ratified it, and when, is not part of it.

    Attributes:
        id: Its name. version: Raised with every change of it.
        scope: Whom it is about.
        condition: When a call is hit.
        effect: ``error`` stops the call, ``warning`` speaks only.
        mode: ``enforce`` binds, ``shadow`` counts without binding.
        message: What the agent is told.
        evidence: Execution or decision ids it rests on.
        learned_from: Digest of the finding it was drafted from; empty where a person wrote it.
        origin: Id of the proposal it came from; empty where a person wrote it.
        expires: The last day (UTC) on which it binds.
        review: The day from which it is to be looked at again.
    """

    id: PolicyId
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    scope: Scope = Scope()
    condition: Condition
    effect: Effect = "warning"
    mode: Mode = "enforce"
    message: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    evidence: Annotated[tuple[str, ...], msgspec.Meta(max_length=200)] = ()
    learned_from: str = ""
    origin: str = ""
    expires: dt.date | None = None
    review: dt.date | None = None

    @property
    def digest(self) -> str:
        """Digest of everything in it: two policies with one digest are the same policy."""
        return digest(codec.encode(self), size=16)

    def expired(self, now: int) -> bool:
        """Whether its last day has passed at ``now`` (epoch microseconds): it no longer binds then."""
        return self.expires is not None and clock.to_datetime(now).date() > self.expires

    def due(self, now: int) -> bool:
        """Whether it is to be looked at again: its day of review has come, or it has expired."""
        return self.expired(now) or (self.review is not None and clock.to_datetime(now).date() >= self.review)
