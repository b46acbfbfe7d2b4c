"""The page of a back-test: what a policy would have stopped, how that ended, and what it does not show."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.governance.policy.words import condition_words, scope_words
from soma.synthesizer.commands import command_line, soma
from soma.synthesizer.stats import Proportion
from soma.synthesizer.wording import bounds, count, duration, number, percent, plain, points

from .model import AgentTally, Backtest, Example

_AGENTS = 10
_INDENT = (0, 0, 0, 3)


def render(result: Backtest) -> RenderableType:
    """What was tried, on what, what it would have stopped, by agent, with examples and cautions."""
    policy = result.policy
    lines: list[RenderableType] = [
        Text(f"{plain(policy.id)} tried on {number(result.executions, 'run')}", style="bold"),
        Padding(Text(f"a call is hit when {condition_words(policy.condition)}"), _INDENT),
        Padding(Text(f"for {scope_words(policy.scope)}"), _INDENT),
        Text(),
    ]
    if not result.covered:
        return Group(*lines, Text("No run is covered by it and could be judged."), *_cautions(result))
    if not result.hit:
        lines.append(
            Text(f"It would have hit nothing: {number(result.covered, 'run')} covered, {result.calls:,} calls.")
        )
        return Group(*lines, *_cautions(result))
    lines += [_figures(result), Text(), *_difference(result)]
    if len(result.agents) > 1:
        lines += [_agents(result.agents), Text()]
    lines += [*_examples("Would have been stopped, and did badly", result.saves)]
    lines += [*_examples("Would have been stopped, though it did well", result.blocks)]
    return Group(*lines, *_cautions(result))


def _figures(result: Backtest) -> Table:
    ended = "reached their goal" if result.measure == "success" else "completed"
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    rest = f" · {number(result.unknown, 'run')} of unknown end" if result.unknown else ""
    table.add_row(
        "hit",
        f"{result.hit:,} of {number(result.covered, 'run')}, {result.decisions:,} of {number(result.calls, 'call')}",
    )
    table.add_row(
        "of them",
        f"{result.failing.successes:,} did badly, {result.failing.total - result.failing.successes:,} {ended}{rest}",
    )
    table.add_row("saved", f"{_share(result.saved)} of the runs that did badly, stopped before their end")
    table.add_row("false blocks", f"{_share(result.false_blocks)} of the runs that {ended}")
    if result.calls_left is not None:
        time = f" and {duration(result.ms_left)}" if result.ms_left is not None else ""
        table.add_row("it went on for", f"{result.calls_left:g} calls{time} from the first hit on (median)")
    return table


def _share(proportion: Proportion) -> str:
    if not proportion.total:
        return "none known"
    return f"{count(proportion)} ({percent(proportion.rate)}) {bounds(proportion.interval)}"


def _difference(result: Backtest) -> Iterator[RenderableType]:
    if result.effect is None or result.hit_share is None or result.other_share is None:
        yield Text("Too few runs of the same tasks, hit and not hit, to compare how they end.")
    else:
        did = "reach their goal" if result.measure == "success" else "complete"
        among = ", agent by agent," if result.same_agent else ""
        yield Text(
            f"On the same tasks{among} {percent(result.hit_share.rate)} of the runs that are hit {did}, of the others "
            f"{percent(result.other_share.rate)}: {points(result.effect)}"
        )
    yield Text()


def _agents(agents: tuple[AgentTally, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("agent", "runs", "hit", "did badly", "did well"):
        table.add_column(name, justify="left" if name == "agent" else "right", overflow="fold")
    for one in agents[:_AGENTS]:
        table.add_row(
            Text(plain(one.agent_id, 60)), f"{one.covered:,}", f"{one.hit:,}", f"{one.bad:,}", f"{one.good:,}"
        )
    if len(agents) > _AGENTS:
        table.add_row(Text(f"and {number(len(agents) - _AGENTS, 'other agent')}", style="dim"))
    return table


def _examples(title: str, examples: tuple[Example, ...]) -> Iterator[RenderableType]:
    if not examples:
        return
    yield Text(title, style="bold")
    for one in examples:
        after = number(one.calls_left - 1, "call") + " followed" if one.calls_left > 1 else "it was the last call"
        yield Padding(
            Text(f"{plain(one.agent_id, 60)} at step {one.step + 1}, {plain(one.action, 60)}; {after}"), _INDENT
        )
        yield command_line(soma("decisions", "--execution", one.execution_id))
    yield Text()


def _cautions(result: Backtest) -> Iterator[RenderableType]:
    for caution in result.cautions:
        yield Text(f"· {caution}", style="dim")
