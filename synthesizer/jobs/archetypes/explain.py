"""The page of the job ``archetypes``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import duration, number, plain, share

from .model import Archetype, Archetypes

_SHOWN = 20
_AGENTS = 3


def render(result: Archetypes) -> RenderableType:
    """The kinds of runs: what they do, whose they are, how they end, what they take, and one run to look at."""
    if not result.archetypes:
        return Text("No two runs take like paths. soma harvest PATH reads traces; soma signatures shows single paths.")
    lines: list[RenderableType] = []
    for archetype in result.archetypes[:_SHOWN]:
        lines += [*_archetype(archetype), Text()]
    if (further := len(result.archetypes) - _SHOWN) > 0:
        lines.append(Text(f"and {number(further, 'rarer archetype')}", style="dim"))
    lines.append(Text(_summary(result), style="dim"))
    return Group(*lines)


def _archetype(archetype: Archetype) -> Iterator[RenderableType]:
    head = Table.grid(padding=(0, 2))
    head.add_column(justify="right", no_wrap=True, width=8)
    head.add_column(ratio=1)
    head.add_row(Text(f"{archetype.executions:,} ×", style="bold"), Text(plain(archetype.label, 400), style="cyan"))
    yield head
    for words in (_whose(archetype), _ending(archetype)):
        yield Padding(Text(words), (0, 0, 0, 10))
    yield Padding(Text(f"e.g. {plain(archetype.medoid_execution, 160)}", style="dim"), (0, 0, 0, 10))


def _whose(archetype: Archetype) -> str:
    names = [f"{plain(agent, 60) or '(not named)'} {many:,}" for agent, many in archetype.agents.items()]
    more = f" and {len(names) - _AGENTS:,} more" if len(names) > _AGENTS else ""
    words = [f"{', '.join(names[:_AGENTS])}{more}"]
    if archetype.tasks:
        words.append(number(archetype.tasks, "task"))
    words.append(number(archetype.paths, "path"))
    return " · ".join(words)


def _ending(archetype: Archetype) -> str:
    if archetype.success is not None:
        words = [f"success {share(archetype.success)}"]
    elif archetype.completed is not None:
        words = [f"completed {share(archetype.completed)}, success not known"]
    else:
        words = ["end and success not known"]
    if archetype.duration_ms is not None:
        words.append(f"median {duration(archetype.duration_ms.median)}")
    if archetype.cost_usd is not None:
        words.append(f"median ${archetype.cost_usd.median:,.4f}")
    return " · ".join(words)


def _summary(result: Archetypes) -> str:
    words = [
        f"{number(result.executions, 'run')} with {number(result.paths, 'different path')}; alike are paths that share "
        f"at least {100 * (1 - result.cut):.0f} % of their actions in the same order"
    ]
    if result.rare:
        words.append(f"{number(result.rare, 'run')} in kinds of fewer than {result.least} runs")
    if result.not_placed:
        words.append(f"{number(result.not_placed, 'run')} like none of the {result.compared:,} most frequent paths")
    return " · ".join(words)
