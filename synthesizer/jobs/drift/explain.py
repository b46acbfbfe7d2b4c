"""The page of the job ``drift``."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.clock import to_datetime
from soma.synthesizer import commands
from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import number, percent, plain, points, probability

from .model import AgentDrift, Aspect, Change, Drift, Ratio
from .streams import NEW

_ALSO = 4
_FEW, _ROWS = 10, 30
_TREND = {
    "insufficient_data": "insufficient_data (fewer than 10 runs)",
    "degrading": "degrading",
    "improving": "improving",
    "stable": "stable",
}
MISSES = (
    "AgentFlow draws one straight line through its conformance figures: it names no moment, gives no chance of a false "
    "alarm, and calls stable whatever the line does not fit."
)


def render(result: Drift, *, everything: bool = False) -> RenderableType:
    """Changed agents in full, the others in a table; ``everything``: all in full."""
    if not result.agents:
        return Text("No executions to watch. soma harvest PATH reads traces into the vault.")
    lines: list[RenderableType] = []
    timed = [agent for agent in result.agents if agent.runs]
    full = [agent for agent in timed if everything or agent.verdict == "changed"]
    for agent in full:
        lines += [_agent(agent, result), Text()]
    rest = [agent for agent in timed if agent.verdict != "changed"] if not everything else []
    shown = [agent for agent in rest if agent.runs >= _FEW][:_ROWS]
    if shown:
        lines += [Text("No change shows", style="bold"), _table(shown)]
    if further := len(rest) - len(shown):
        few = f"with fewer than {_FEW} runs" if len(shown) < _ROWS else "with fewer runs"
        lines.append(Text(f"Not enough data: {number(further, 'agent')} {few}."))
    lines += _left_out(result)
    if full:
        lines.append(Text(MISSES, style="dim"))
    return Group(*lines)


def _agent(agent: AgentDrift, result: Drift) -> RenderableType:
    head = Text.assemble((plain(agent.agent_id, 60), "bold"), "   ", (_verdict(agent, result), "bold"))
    head.append(f"   {number(agent.runs, 'run')}")
    if agent.first is not None and agent.last is not None:
        head.append(f", {_period(agent.first, agent.last)}")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for aspect in agent.aspects:
        title = ("success" if agent.measure == "success" else "completed") if aspect.name == "outcome" else aspect.name
        table.add_row(Text(title, style="bold"), Group(*_aspect(aspect, result)))
    body: list[RenderableType] = [table]
    if agent.cautions:
        body += [Text(), *(Text.assemble(("Be careful: ", "bold"), caution) for caution in agent.cautions)]
    trend = agent.agentflow
    line = f"AgentFlow says: {_TREND.get(trend.status, trend.status)}"
    if trend.r2 is not None and trend.slope is not None:
        line += f" (slope {trend.slope:+.4f} a run, r² {trend.r2:.2f})"
    body.append(Text(f"{line}.", style="dim"))
    changes = [change for aspect in agent.aspects if aspect.name != "tasks" for change in aspect.changes]
    if changes:
        latest = max(changes, key=lambda change: change.since)
        body += [Text("The first run after the last change:"),
                 commands.command_line(commands.show_run(latest.execution_id))]  # fmt: skip
    return Group(head, Padding(Group(*body), (0, 0, 0, 1)))


def _verdict(agent: AgentDrift, result: Drift) -> str:
    if agent.verdict == "changed":
        return "CHANGED"
    return f"steady within {100 * result.delta:.0f} points" if agent.verdict == "steady" else "not enough data"


def _aspect(aspect: Aspect, result: Drift) -> Iterator[RenderableType]:
    if not aspect.runs:
        yield Text("not known", style="dim")
        return
    if aspect.changes:
        for change in aspect.changes:
            yield from _change(aspect, change)
    elif aspect.name == "tasks":
        yield Text(f"no change of the mix shows over {number(aspect.runs, 'run')}")
    elif aspect.verdict == "steady":
        within = f"a factor of {result.factor:g}" if _is_size(aspect) else f"{100 * result.delta:.0f} points"
        yield Text(f"steady within {within} over {number(aspect.runs, 'run')}")
    else:
        yield Text(f"not enough data to tell: {_why(aspect, result)}")
    if aspect.left_out:
        yield Text(f"not known of {number(aspect.left_out, 'run')}", style="dim")


def _change(aspect: Aspect, change: Change) -> Iterator[RenderableType]:
    line = Text()
    if aspect.name == "tasks":
        line.append("the task mix changed", style="bold")
        what = "tasks not seen before" if change.what == NEW else f"“{plain(change.what or '', 50)}”"
        line.append(f" ({what})")
    elif change.what is not None:
        line.append("actions not used before" if change.what == NEW else plain(change.what, 60), style="bold")
        line.append(": changed")
    else:
        line.append("changed", style="bold")
    line.append(f" since {day(change.since)}")
    if change.earliest != change.latest:
        line.append(f" (between {day(change.earliest)} and {day(change.latest)})")
    yield line
    yield Text(effect(change))
    if change.also:
        more = f" and {len(change.also) - _ALSO} more" if len(change.also) > _ALSO else ""
        names = ", ".join(plain(name, 40) for name in change.also[:_ALSO])
        yield Text(f"also: {names}{more}", style="dim")


def effect(change: Change) -> str:
    """What changed by how much, in words."""
    told = f"q = {probability(change.q_value)}, seen {day(change.seen_at)}".replace("= <", "<")
    if change.before is not None and change.after is not None:
        rates = f"{_share(change.before)} before, {_share(change.after)} after"
        if change.difference is None:
            return f"{rates}; no task on both sides ({told})"
        by_task = " by task" if change.difference.strata > 1 else ""
        return f"{rates}: {points(change.difference)}{by_task} ({told})"
    if change.ratio is not None:
        return f"{_ratio(change.ratio)} ({told})"
    return f"no task on both sides ({told})"


def _share(share: Proportion) -> str:
    return f"{percent(share.rate)} of {share.total:,}"


def _ratio(ratio: Ratio) -> str:
    low = "0" if ratio.low is None else f"{ratio.low:.2g}"
    high = "∞" if ratio.high is None else f"{ratio.high:.2g}"
    return f"{ratio.estimate:.2g} times as large [{low}, {high}]"


def _why(aspect: Aspect, result: Drift) -> str:
    if not aspect.compared:
        return f"no task was attempted twice ({number(aspect.runs, 'run')})"
    words = f"{number(aspect.runs, 'run')}, {aspect.compared:,} with an earlier one of the same task"
    if aspect.more is not None:
        words += f"; about {aspect.more:,} tell {100 * result.delta:.0f} points"
    elif aspect.within is not None:
        within = f"a factor of {aspect.within:.2g}" if _is_size(aspect) else f"{100 * aspect.within:.0f} points"
        words += f"; a difference of up to {within} is possible"
    return words


def _is_size(aspect: Aspect) -> bool:
    return aspect.name in ("duration", "cost")


def _table(agents: list[AgentDrift]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("agent", overflow="fold")
    table.add_column("runs", justify="right", no_wrap=True)
    for name in ("outcome", "actions", "duration", "cost"):
        table.add_column(name)
    for agent in agents:
        by_name = {aspect.name: aspect for aspect in agent.aspects}
        table.add_row(
            Text(plain(agent.agent_id, 60)),
            Text(f"{agent.runs:,}"),
            *(_cell(by_name[name]) for name in ("outcome", "actions", "duration", "cost")),
        )
    return table


def _cell(aspect: Aspect) -> Text:
    if not aspect.runs:
        return Text("not known", style="dim")
    if aspect.verdict == "steady":
        return Text("steady")
    return Text("too few", style="dim")


def _left_out(result: Drift) -> Iterator[RenderableType]:
    left = sum(agent.without_time for agent in result.agents)
    if left:
        agents = sum(agent.without_time > 0 for agent in result.agents)
        yield Text(f"Left out: {number(left, 'run')} of {number(agents, 'agent')} without a time.", style="dim")


def day(micros: int) -> str:
    """An instant to the minute (UTC)."""
    return to_datetime(micros).strftime("%-d %b %Y %H:%M")


def _period(first: int, last: int) -> str:
    one, other = (to_datetime(micros).strftime("%-d %b %Y") for micros in (first, last))
    return one if one == other else f"{one} to {other}"
