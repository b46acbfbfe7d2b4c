"""The page of the job ``operators``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from soma import clock
from soma.synthesizer.wording import number, plain, share

from .model import Operator, Operators, Session

_NAMED = 6


def render(result: Operators) -> RenderableType:
    """Every operator with teams, instances and sessions; then the teams; then what is not known."""
    lines: list[RenderableType] = []
    for operator in result.operators:
        lines += [*_operator(operator), Text()]
    if result.teams:
        lines.append(Text("Teams", style="bold"))
    for team in result.teams:
        ended = f" · success {share(team.success)}" if team.success else ""
        who = f"{number(len(team.operators), 'operator')}, agents {_named(team.agents)}"
        lines.append(Padding(Text(f"{plain(team.team_id, 80)}   {number(team.executions, 'run')} · {who}{ended}"),
                             (0, 0, 0, 3)))  # fmt: skip
    if result.teams:
        lines.append(Text())
    lines.append(Text(f"Not known: the operator of {result.unnamed:,} and the team of {result.teamless:,} of "
                      f"{number(result.executions, 'run')}", style="dim"))  # fmt: skip
    if result.teamless:
        lines.append(Text("[[teams]] in soma.toml names teams that traces do not (docs/evidence.md)", style="dim"))
    return Group(*lines)


def _operator(operator: Operator) -> Iterator[RenderableType]:
    yield Text(plain(operator.operator_id, 80), style="bold")
    facts = [
        number(operator.executions, "run"),
        number(operator.sessions_total, "session"),
        *([f"team {_named(operator.teams)}"] if operator.teams else []),
        *(
            [f"{number(len(operator.instances), 'instance')}: {_named(operator.instances)}"]
            if operator.instances
            else []
        ),
        f"agents {_named(operator.agents)}",
        *([f"success {share(operator.success)}"] if operator.success else []),
    ]
    yield Padding(Text(" · ".join(facts)), (0, 0, 0, 3))
    if operator.moved:
        yield Padding(Text(f"{number(operator.moved, 'session')} carried on at another instance"), (0, 0, 0, 3))
    if operator.beside:
        yield Padding(
            Text(f"{number(operator.beside, 'session')} beside another one at another instance"), (0, 0, 0, 3)
        )
    for session in operator.sessions[-_NAMED:]:
        yield Padding(Text(_session(session)), (0, 0, 0, 5))
    if operator.sessions_total > _NAMED:
        yield Padding(Text(f"and {operator.sessions_total - _NAMED:,} earlier", style="dim"), (0, 0, 0, 5))


def _session(session: Session) -> str:
    began = str(clock.to_iso(session.started_at) or "time not known")[:16].replace("T", " ")
    where = f" at {_named(session.instances)}" if session.instances else ""
    beside = f", beside {_named(session.beside)}" if session.beside else ""
    return f"{began}  {plain(session.session_id, 60)}{where}: {number(session.executions, 'run')}{beside}"


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(plain(name, 60) for name in names[:_NAMED]) + rest
