"""What the job ``operators`` reads and answers. Times are epoch microseconds."""

from __future__ import annotations

import msgspec

from soma.synthesizer.stats import Proportion


class Run(msgspec.Struct, frozen=True):
    """One execution; fields in the order of the columns of ``query.sql``."""

    execution_id: str
    operator_id: str | None
    team_id: str | None
    instance_id: str | None
    session_id: str | None
    agent_id: str
    status: str
    success: bool | None
    started_at: int | None
    ended_at: int | None


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The executions of one session of an operator.

    Attributes:
        instances: Where it ran, in the order of names; several when it was carried on elsewhere.
        beside: Other sessions of this operator that ran meanwhile on another instance, at most a few.
    """

    session_id: str
    instances: tuple[str, ...]
    agents: tuple[str, ...]
    executions: int
    started_at: int | None
    ended_at: int | None
    beside: tuple[str, ...]


class Operator(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One operator over all instances.

    Attributes:
        success: Of the executions whose task outcome is known; ``None`` when it is known of none.
        sessions: In the order they began, at most as many as were asked for, of ``sessions_total``.
        moved: Sessions that ran on more than one instance. beside: Those that ran beside another one elsewhere.
        without_session: Executions that name no session.
    """

    operator_id: str
    teams: tuple[str, ...]
    instances: tuple[str, ...]
    agents: tuple[str, ...]
    executions: int
    success: Proportion | None
    sessions: tuple[Session, ...]
    sessions_total: int
    moved: int
    beside: int
    without_session: int


class Team(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One team: who is in it and how its executions end."""

    team_id: str
    operators: tuple[str, ...]
    agents: tuple[str, ...]
    executions: int
    success: Proportion | None


class Operators(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Operators and teams in the order of names.

    Attributes:
        unnamed: Executions that name no operator.
        teamless: Executions of no team.
    """

    operators: tuple[Operator, ...]
    teams: tuple[Team, ...]
    executions: int
    unnamed: int
    teamless: int
