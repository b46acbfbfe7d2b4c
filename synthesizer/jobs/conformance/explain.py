"""The page of the job ``conformance``."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import bounds, count, number, percent, plain, points, probability

from .agentflow import MISSES
from .model import AgentConformance, Checked, Conformance, Move, Relation

_MOVES, _PATH = 3, 6
_MISSES = MISSES.removeprefix("AgentFlow's figure ")
_LISTED = 5


def render(result: Conformance, *, everything: bool = False) -> RenderableType:
    """One execution move by move; or the agents with their least conforming runs (one agent: all those listed)."""
    if result.execution is not None:
        return _execution(result.execution, result)
    lines: list[RenderableType] = [Text(note) for note in result.notes]
    measured = [agent for agent in result.agents if agent.spread is not None]
    if not result.agents and not lines:
        lines.append(Text("No executions to measure. soma harvest PATH reads traces into the vault."))
    if len(measured) > 1 and not everything:
        lines.append(_overview(measured))
    else:
        for agent in measured:
            lines += [_agent(agent, result), Text()]
    lines += _not_measured(result)
    if measured:
        lines.append(Text(MISSES, style="dim"))
    return Group(*lines)


def _overview(agents: list[AgentConformance]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("agent", overflow="fold")
    for name in ("runs", "median", "lowest tenth", "least", "depart", "AgentFlow"):
        table.add_column(name, justify="right", no_wrap=True)
    for agent in sorted(agents, key=lambda agent: (agent.spread.median if agent.spread else 1, agent.agent_id)):
        assert agent.spread is not None  # noqa: S101 - only measured agents are listed
        spread = agent.spread
        figures = (spread.median, spread.tenth, spread.least)
        table.add_row(
            Text(plain(agent.agent_id, 60)),
            Text(f"{agent.scored:,}"),
            *(Text(_figure(value)) for value in figures),
            Text(f"{agent.scored - spread.full:,}"),
            Text(_figure(spread.agentflow_median), style="dim"),
        )
    return table


def _agent(agent: AgentConformance, result: Conformance) -> RenderableType:
    spread = agent.spread
    assert spread is not None  # noqa: S101 - only measured agents are shown
    departed = agent.scored - spread.full
    body: list[RenderableType] = [
        Text(
            f"median {_figure(spread.median)} · nine in ten at {_figure(spread.tenth)} or above · least "
            f"{_figure(spread.least)} · {departed:,} of {agent.scored:,} depart from what is usual"
        ),
        Text(f"AgentFlow's figure: median {_figure(spread.agentflow_median)}", style="dim"),
        Text(_measured(agent), style="dim"),
    ]
    if agent.relation is not None:
        body.append(_relation(agent.relation, result))
    listed = [item for item in agent.least if item.moves][:_LISTED]
    if listed:
        body += [Text(), Text("Least conforming", style="bold")]
        for item in listed:
            body += _listed(item)
    title = Text.assemble((plain(agent.agent_id, 60), "bold"), f"   {number(agent.scored, 'run')} measured")
    return Group(title, Padding(Group(*body), (0, 0, 0, 1)))


def _measured(agent: AgentConformance) -> str:
    words = []
    if agent.by_task:
        words.append(f"{agent.by_task:,} against other runs of their task")
    if rest := agent.scored - agent.by_task:
        words.append(f"{rest:,} against the agent's runs of all tasks, because too few are of theirs or none is known")
    return "Measured: " + "; ".join(words) + "."


def _relation(relation: Relation, result: Conformance) -> Text:
    good = "succeed" if relation.measure == "success" else "complete"
    line = Text(
        f"Runs below {_figure(relation.below)} {good} in {_rate(relation.deviating)}, the others in "
        f"{_rate(relation.conforming)}: "
    )
    difference = relation.difference
    if difference is None:
        return line.append("never on the same task, so nothing can be said.")
    line.append(f"{points(difference)} on the same tasks, ")
    told = {
        "different": f"different (q = {probability(relation.q_value or 0)}); what goes along need not be the cause",
        "alike": f"alike within {100 * result.delta:.0f} points",
        "not enough data": "not enough data",
    }
    return line.append(f"{told[relation.verdict]}.".replace("= <", "<"), style="bold")


def _rate(outcome: Proportion) -> str:
    return f"{percent(outcome.rate)} ({count(outcome)}) {bounds(outcome.interval)}"


def _listed(item: Checked) -> Iterator[RenderableType]:
    head = Text.assemble((f"{_figure(item.conformance)}  ", "bold"), plain(item.execution_id, 100))
    if item.task:
        head.append(f"  “{plain(item.task, 40)}”", style="dim")
    yield head
    rest = len(item.moves) - _MOVES
    dearest = sorted(sorted(item.moves, key=lambda move: (-move.cost, move.step))[:_MOVES], key=lambda move: move.step)
    words = "; ".join(_move(move) for move in dearest)
    more = f"; {number(rest, 'more move')}" if rest > 0 else ""
    yield Padding(Text(words + more), (0, 0, 0, 6))


def _move(move: Move, *, step: bool = True) -> str:
    action = plain(move.action, 60)
    where = f"step {move.step} " if step else ""
    twice = f" ({move.times}×)" if move.times > 1 else ""
    others = f"{move.others:,} of {move.of:,} others do"
    if move.kind == "missing":
        return f"{where}{action} missing ({others})"
    if move.kind == "instead":
        return f"{where}{action}{twice} instead of {plain(move.usual or '', 60)} ({others})"
    if move.kind == "moved":
        return f"{where}{action}{twice} at an unusual place ({others})"
    if move.kind == "repeated":
        usual = "once" if move.usual_times == 1 else f"{move.usual_times} times"
        return f"{where}{action} {move.times} times in a row, usually {usual} ({others})"
    return f"{where}{action}{twice} extra ({others})"


def _execution(item: Checked, result: Conformance) -> RenderableType:
    lines: list[RenderableType] = [
        Text(f"{plain(item.agent_id, 60)} · {plain(item.execution_id, 100)}", style="bold"),
    ]
    if item.task:
        lines.append(Text(f"task “{plain(item.task, 70)}”", style="dim"))
    if item.conformance is None:
        lines.append(
            Text(
                f"Not enough data: {number(item.support, 'other run')} of this agent with a recorded choice, at least "
                f"{result.least_others} are needed."
            )
        )
        return Group(*lines)
    of_task = "of the agent on the same task" if item.scope == "task" else "of the agent, over all its tasks"
    lines += [
        Text.assemble(
            ("conformance ", ""), (_figure(item.conformance), "bold"),
            f"   measured against {number(item.support, 'other run')} {of_task}",
        ),
        Text(f"AgentFlow's figure: {_figure(item.agentflow)}. It {_MISSES}", style="dim"),
        Text(_taken(item)),
        Text(),
    ]  # fmt: skip
    if item.moves:
        lines.append(_moves(item))
    else:
        lines.append(Text("It departs from that in nothing that is unusual."))
    if item.free_moves:
        free = number(item.free_moves, "further departure costs", "further departures cost")
        lines.append(Text(f"{free} nothing: enough others do the same.", style="dim"))
    lines += [
        Text(),
        _path("nearest usual path", item.usual_path, f"{item.usual_runs:,} of {item.support:,} others"),
        _path("this run", item.path, number(len(item.path), "place")),
        commands.command_line(commands.show_run(item.execution_id)),
    ]
    return Group(*lines)


def _taken(item: Checked) -> str:
    if not item.same_path:
        return "No other run took the very same path."
    return f"{number(item.same_path, 'other run')} took the very same path."


def _moves(item: Checked) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("step", justify="right", no_wrap=True)
    table.add_column("move", overflow="fold", ratio=1)
    table.add_column("cost", justify="right", no_wrap=True)
    for move in item.moves:
        told = Text(_move(move, step=False))
        if move.decision_id:
            told.append(f"\n{plain(move.decision_id, 160)}", style="dim")
        table.add_row(Text(f"{move.step:,}"), told, Text(f"{move.cost:.2f}"))
    return table


def _path(title: str, actions: tuple[str, ...], told: str) -> Text:
    shown = [plain(action, 60) for action in actions]
    if len(shown) > 2 * _PATH:
        shown = [*shown[:_PATH], f"… {len(actions) - 2 * _PATH:,} more …", *shown[-_PATH:]]
    return Text.assemble((f"{title} ", "bold"), (f"({told}) ", "dim"), (" → ".join(shown) or "(no choice)", "cyan"))


def _not_measured(result: Conformance) -> Iterator[RenderableType]:
    few = sum(agent.too_few for agent in result.agents)
    silent = sum(agent.silent for agent in result.agents)
    if few:
        yield Text(
            f"Not enough data: {number(few, 'run')} with fewer than {result.least_others} other runs of the same agent."
        )
    if silent:
        yield Text(f"Not known: {number(silent, 'run')} without a recorded choice.", style="dim")


def _figure(value: float | None) -> str:
    # What departs at all is not shown as 1.00.
    return "–" if value is None else f"{min(value, 0.99) if value < 1 else value:.2f}"
