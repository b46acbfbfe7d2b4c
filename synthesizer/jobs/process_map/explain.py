"""The page of the job ``process_map``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.bars import whisker
from soma.synthesizer.wording import bounds, count, duration, number, percent, plain, points, probability, share

from .model import Edge, ProcessMap

START, END = "▶", "■"
_NAME = 60
_TOLD = 3


def render(result: ProcessMap) -> RenderableType:
    """Edges, those that go with failing first, then the most used; what the marks mean; what was left off."""
    if not result.executions:
        told = "No runs with a decision to show." if not result.empty else "These runs hold no decision."
        return Text(f"{told} soma harvest PATH reads traces; soma status lists the agents of the vault.")
    parts: list[RenderableType] = [_title(result), _judged(result), Text()]
    parts.append(Padding(_table(result), (0, 0, 0, 1)))
    if left := _left_off(result):
        parts += [Padding(left, (0, 0, 0, 1))]
    parts += [Text(), *_marks(result)]
    if result.not_known:
        parts.append(Text(f"Not known: {'; '.join(result.not_known)}.", style="dim"))
    return Group(*parts)


def _title(result: ProcessMap) -> Text:
    whose = plain(result.agent, _NAME) if result.agent is not None else number(result.agents, "agent")
    facts = [number(result.executions, "run"), number(len(result.nodes), "action"), f"{_all_edges(result):,} edges"]
    if result.task is not None:
        facts.insert(0, f"task “{plain(result.task, _NAME)}”")
    if result.empty:
        facts.append(f"{number(result.empty, 'run')} without a decision left out")
    return Text.assemble((whose or "(agent not named)", "bold"), f"   {' · '.join(facts)}")


def _judged(result: ProcessMap) -> Text:
    if not result.outcome.total:
        return Text("Neither success nor how the runs ended is known.", style="dim")
    if result.measure == "success":
        return Text(f"success {share(result.outcome)}", style="dim")
    return Text(f"Success is not known: counted is which runs completed, {share(result.outcome)}", style="dim")


def _table(result: ProcessMap) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, width=2)
    table.add_column(overflow="fold", min_width=18, max_width=56)
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    heads = ("runs", "times", "pace", "success" if result.measure == "success" else "completed")
    table.add_row(Text(), Text("then", style="dim"), *(Text(head, style="dim") for head in heads), Text())
    for edge in result.edges:
        table.add_row(
            _mark(edge),
            _step(edge),
            Text(f"{edge.executions:,}"),
            Text(f"{edge.occurrences:,}"),
            Text(duration(edge.pace_ms)),
            Text(percent(edge.outcome.rate)),
            whisker(edge.outcome, "red" if edge.verdict == "worse" else "", 16),
        )
    return table


def _mark(edge: Edge) -> Text:
    verdict = {"worse": ("✘", "bold red"), "better": ("✔", "green")}.get(edge.verdict, (" ", ""))
    loop = {"self": "↻", "cycle": "↺"}.get(edge.loop or "", " ")
    return Text.assemble(verdict, (loop, "dim"))


def _step(edge: Edge) -> Text:
    source = START if edge.source is None else plain(edge.source, _NAME) or "(no name)"
    target = END if edge.target is None else plain(edge.target, _NAME) or "(no name)"
    return Text.assemble(source, (" → ", "dim"), target)


def _left_off(result: ProcessMap) -> Text | None:
    left = result.folded
    if not left.edges:
        return None
    words = f"and {number(left.edges, 'rarer edge')} ({number(left.occurrences, 'time', 'times')} in all)"
    return Text(f"   {words}: --least 1 shows them", style="dim")


def _marks(result: ProcessMap) -> Iterator[RenderableType]:
    worse = [edge for edge in result.edges if edge.verdict == "worse"]
    better = any(edge.verdict == "better" for edge in result.edges)
    for edge in worse[:_TOLD]:
        if edge.difference is not None and edge.q_value is not None:
            chance = f"q = {probability(edge.q_value)}".replace("= <", "<")
            runs = f"{count(edge.outcome)} {_well(result)} {bounds(edge.outcome.interval)}"
            told = f"{points(edge.difference)} against the runs that do not take it ({chance})"
            yield Text.assemble(("✘ ", "bold red"), _step(edge), f": {runs}, {told}")
    if worse or better:
        same = "the same agent and task" if result.within == "task" else "the same agent"
        shown = [sign for sign, found in (("✘ less", worse), ("✔ more", better)) if found]
        often = " or ".join(sign[2:] for sign in shown)
        yield Text(
            f"{' · '.join(shown)}: runs that take the edge {_well(result)} clearly {often} often than other runs of "
            f"{same}, {number(result.compared, 'edge')} compared. What goes with an ending need not be its cause.",
            style="dim",
        )
        if result.within == "agent":
            yield Text("Tasks are unknown or hardly repeated, so runs of different tasks were compared.", style="dim")
    elif result.compared:
        yield Text(
            f"No edge goes clearly with failing or succeeding, of {number(result.compared, 'edge')} compared.",
            style="dim",
        )
    else:
        yield Text("Too few runs to tell whether any edge goes with failing.", style="dim")
    signs = f"{START} start · {END} end · ↻ same again · ↺ part of a cycle"
    yield Text(f"{signs} · pace: median from start to start, where recorded", style="dim")


def _well(result: ProcessMap) -> str:
    return "achieved their task" if result.measure == "success" else "completed"


def _all_edges(result: ProcessMap) -> int:
    return len(result.edges) + result.folded.edges
