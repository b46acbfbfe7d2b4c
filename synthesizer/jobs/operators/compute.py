"""Executions to operators, their sessions and teams: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from soma.synthesizer.stats import Proportion, proportion

from .model import Operator, Operators, Run, Session, Team

_BESIDE = 5


def operators_of(runs: Sequence[Run], *, sessions: int = 20) -> Operators:
    """Who stands behind the executions; of each operator at most so many ``sessions``, the latest."""
    operators = _grouped(runs, lambda run: run.operator_id)
    teams = _grouped(runs, lambda run: run.team_id)
    return Operators(
        operators=tuple(_operator(name, members, sessions) for name, members in operators),
        teams=tuple(_team(name, members) for name, members in teams),
        executions=len(runs),
        unnamed=sum(run.operator_id is None for run in runs),
        teamless=sum(run.team_id is None for run in runs),
    )


def _grouped(runs: Iterable[Run], name: Callable[[Run], str | None]) -> list[tuple[str, list[Run]]]:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if (key := name(run)) is not None:
            groups[key].append(run)
    return sorted(groups.items())


def _operator(name: str, runs: Sequence[Run], most: int) -> Operator:
    sessions = [_session(session_id, members) for session_id, members in _grouped(runs, lambda run: run.session_id)]
    sessions.sort(key=lambda session: (session.started_at is None, session.started_at or 0, session.session_id))
    sessions = _with_neighbours(sessions)
    return Operator(
        operator_id=name,
        teams=_names(run.team_id for run in runs),
        instances=_names(run.instance_id for run in runs),
        agents=_names(run.agent_id for run in runs),
        executions=len(runs),
        success=_success(runs),
        sessions=tuple(sessions[max(0, len(sessions) - most) :]),
        sessions_total=len(sessions),
        moved=sum(len(session.instances) > 1 for session in sessions),
        beside=sum(bool(session.beside) for session in sessions),
        without_session=sum(run.session_id is None for run in runs),
    )


def _session(session_id: str, runs: Sequence[Run]) -> Session:
    return Session(
        session_id=session_id,
        instances=_names(run.instance_id for run in runs),
        agents=_names(run.agent_id for run in runs),
        executions=len(runs),
        started_at=min((run.started_at for run in runs if run.started_at is not None), default=None),
        ended_at=max((run.ended_at for run in runs if run.ended_at is not None), default=None),
        beside=(),
    )


def _with_neighbours(sessions: Sequence[Session]) -> list[Session]:
    """The sessions, in the order they began, each with those that ran meanwhile on another instance."""
    beside: dict[str, list[str]] = defaultdict(list)
    running: list[Session] = []
    for session in sessions:
        began = session.started_at
        if began is None or not session.instances:
            continue
        running = [other for other in running if other.ended_at is not None and other.ended_at > began]
        for other in running:
            if not set(other.instances) & set(session.instances):
                beside[session.session_id].append(other.session_id)
                beside[other.session_id].append(session.session_id)
        running.append(session)
    return [
        msgspec.structs.replace(session, beside=tuple(beside[session.session_id][:_BESIDE])) for session in sessions
    ]


def _team(name: str, runs: Sequence[Run]) -> Team:
    return Team(
        team_id=name,
        operators=_names(run.operator_id for run in runs),
        agents=_names(run.agent_id for run in runs),
        executions=len(runs),
        success=_success(runs),
    )


def _success(runs: Sequence[Run]) -> Proportion | None:
    judged = [run.success for run in runs if run.success is not None]
    return proportion(sum(judged), len(judged)) if judged else None


def _names(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
