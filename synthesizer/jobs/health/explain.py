"""The page of the job ``health``."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.synthesizer.bars import whisker
from soma.synthesizer.wording import bounds, number, percent, plain, points

from .model import AgentHealth, Health, Status

STYLES: dict[Health, str] = {
    "critical": "bold red", "degraded": "yellow", "healthy": "green", "not enough data": "dim", "unknown": "dim",
}  # fmt: skip
_TRENDS = {"worse": "↗ worse", "better": "↘ better", "steady": "steady", "unknown": "–"}
_WORDS = {"not enough data": "too few runs"}
_BAR = 12
_SHOWN = 40


def render(result: Status) -> RenderableType:
    """What the vault holds, the agents by health, and what to type next."""
    head = Text(
        f"Vault version {result.vault_version} · {number(len(result.agents), 'agent')} · "
        f"{number(result.executions, 'execution')} · {number(result.decisions, 'decision')} · "
        f"{number(result.sources.sources, 'source')}",
        style="bold",
    )
    if not result.agents:
        return Group(head, Text(), Text("No runs yet. soma harvest PATH reads traces."))
    parts: list[RenderableType] = [head, Text(), _table(result)]
    if len(result.agents) > _SHOWN:
        parts.append(Text(f"… and {len(result.agents) - _SHOWN:,} more agents: soma status --json", style="dim"))
    parts += [Text(), *_remarks(result), _next(result)]
    return Group(*parts)


def _table(result: Status) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("agent", max_width=26, overflow="ellipsis", no_wrap=True)
    table.add_column("health", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    table.add_column("runs that fail", no_wrap=True, min_width=_BAR)
    table.add_column("", no_wrap=True)
    trends = any(agent.change.trend != "unknown" for agent in result.agents[:_SHOWN])
    if trends:
        table.add_column("trend", no_wrap=True)
    table.add_column("last seen", no_wrap=True)
    for agent in result.agents[:_SHOWN]:
        trend = Text(_TRENDS[agent.change.trend], style="red" if agent.change.trend == "worse" else "")
        table.add_row(
            Text(plain(agent.agent_id, 60)), Text(_WORDS.get(agent.health, agent.health), style=STYLES[agent.health]),
            f"{agent.runs:,}",
            whisker(agent.failures, width=_BAR) if agent.failures.total else Text("not known", style="dim"),
            _failing(agent), *([trend] if trends else []), (clock.to_iso(agent.last_seen) or "–")[:10],
        )  # fmt: skip
    return table


def _failing(agent: AgentHealth) -> Text:
    if not agent.failures.total:
        return Text()
    text = Text(f"{percent(agent.failures.rate)} {bounds(agent.failures.interval)}")
    if agent.measure == "status":
        text.append(" *", style="dim")
    return text


def _remarks(result: Status) -> list[Text]:
    out = []
    if any(agent.measure == "status" and agent.failures.total for agent in result.agents):
        out.append(Text("* by how runs ended: whether they achieved their task is not recorded. soma outcomes import "
                        "labels.csv tells it.", style="dim"))  # fmt: skip
    for agent in result.agents:
        if agent.change.trend in {"worse", "better"} and agent.change.difference is not None:
            since = (clock.to_iso(agent.change.since) or "")[:10]
            out.append(Text(f"{plain(agent.agent_id, 40)} is {agent.change.trend} since {since}: "
                            f"{points(agent.change.difference)}"))  # fmt: skip
    sources = result.sources
    unusable = sources.failed + sources.empty + sources.unrecognised
    if unusable:
        out.append(Text(f"{number(unusable, 'source')} could not be used ({sources.failed:,} failed, {sources.empty:,} empty, "
                        f"{sources.unrecognised:,} claimed by no adapter): soma vault info --sources", style="yellow"))  # fmt: skip
    if out:
        out.append(Text())
    return out


def _next(result: Status) -> Text:
    return Text(f"Next: soma briefing --agent {plain(result.agents[0].agent_id, 60)} · soma divergence · soma signatures")
