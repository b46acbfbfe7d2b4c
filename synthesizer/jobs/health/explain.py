"""The page of the job ``health``."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.synthesizer import commands
from soma.synthesizer.bars import whisker
from soma.synthesizer.wording import bounds, number, percent, plain, points

from .model import AgentHealth, Health, Status

STYLES: dict[Health, str] = {
    "critical": "bold red",
    "degraded": "yellow",
    "healthy": "green",
    "not enough data": "dim",
    "unknown": "dim",
}
_WORDS = {"not enough data": "too few runs"}
_TRENDS = {"worse": "↗ worse", "better": "↘ better", "steady": "steady", "unknown": "–"}
_MOVED = {"worse": "more", "better": "less"}
_BAR = 12
_WIDE_ENOUGH, _WIDE = 96, 105
_SHOWN = 40
_TRENDS_TOLD = 8


def render(result: Status) -> RenderableType:
    """What the vault holds, the agents by health, and what to type next."""
    head = Text(
        f"Vault version {result.vault_version} · {number(len(result.agents), 'agent')} · "
        f"{number(result.executions, 'execution')} · {number(result.decisions, 'decision')} · "
        f"{number(result.sources.sources, 'source')}",
        style="bold",
    )
    if not result.agents:
        return Group(head, Text(), *_sources(result), Text("No runs yet. soma harvest PATH reads traces."))
    parts: list[RenderableType] = [head, Text(), AgentTable(result.agents[:_SHOWN])]
    if len(result.agents) > _SHOWN:
        parts.append(
            Text(f"… and {number(len(result.agents) - _SHOWN, 'more agent')}: soma status --json", style="dim")
        )
    parts += [Text(), *_remarks(result), *_sources(result)]
    next_ = [commands.soma("briefing", "--agent", result.agents[0].agent_id)]
    next_ += [commands.soma(name) for name in ("divergence", "signatures", "report")]
    parts += [Text(), Text("Next"), *(commands.command_line(command) for command in next_)]
    return Group(*parts)


class AgentTable:
    """The agents, a line each; the bars are left out where the screen is too narrow for them."""

    def __init__(self, agents: Sequence[AgentHealth]) -> None:
        self.agents = agents

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        trends = any(agent.change.trend != "unknown" for agent in self.agents)
        yield _table(self.agents, bars=options.max_width >= (_WIDE if trends else _WIDE_ENOUGH), trends=trends)


def _table(agents: Sequence[AgentHealth], *, bars: bool, trends: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("agent", min_width=8, max_width=26, overflow="fold")
    table.add_column("health", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    if bars:
        table.add_column("that fail", no_wrap=True, min_width=_BAR)
    table.add_column("of those known" if bars else "that fail, of those known", no_wrap=True)
    if trends:
        table.add_column("trend", no_wrap=True)
    table.add_column("last seen", no_wrap=True)
    for agent in agents:
        bar = whisker(agent.failures, width=_BAR) if agent.failures.total else Text()
        trend = Text(_TRENDS[agent.change.trend], style="red" if agent.change.trend == "worse" else "")
        table.add_row(
            Text(plain(agent.agent_id, 60) or "(not named)"),
            Text(_WORDS.get(agent.health, agent.health), style=STYLES[agent.health]),
            f"{agent.runs:,}",
            *([bar] if bars else []),
            _failing(agent),
            *([trend] if trends else []),
            (clock.to_iso(agent.last_seen) or "–")[:10],
        )
    return table


def _failing(agent: AgentHealth) -> Text:
    failures = agent.failures
    if not failures.total:
        return Text("not known", style="dim")
    text = Text(f"{percent(failures.rate)} of {failures.total:,} {bounds(failures.interval)}")
    if agent.measure == "status":
        text.append(" *", style="dim")
    return text


def _remarks(result: Status) -> list[Text]:
    out = []
    if any(agent.failures.total for agent in result.agents):
        out.append(Text(f"[low, high]: what the data allow, at {100 * result.level:g} %", style="dim"))
    by_status = [agent for agent in result.agents if agent.measure == "status" and agent.failures.total]
    if by_status:
        out.append(
            Text(
                "* a run that ended with an error counts as failed; whether the others achieved their task is not "
                "recorded. soma outcomes import labels.csv tells it.",
                style="dim",
            )
        )
    out += [
        Text(
            f"{plain(agent.agent_id, 40)}: success is known of {number(agent.success.total, 'run')} only, "
            f"{agent.success.successes:,} of them achieved their task"
        )
        for agent in by_status
        if agent.success is not None
    ]
    changed = [agent for agent in result.agents if agent.change.trend in {"worse", "better"}]
    for agent in sorted(changed, key=lambda agent: agent.change.trend != "worse")[:_TRENDS_TOLD]:
        if agent.change.difference is not None:
            since = (clock.to_iso(agent.change.since) or "")[:10]
            moved = points(agent.change.difference)
            out.append(Text(f"{plain(agent.agent_id, 40)} fails {_MOVED[agent.change.trend]} since {since}: {moved}"))
    return out


def _sources(result: Status) -> list[Text]:
    ledger = result.sources
    kinds = (("failed", ledger.failed), ("empty", ledger.empty), ("claimed by no adapter", ledger.unrecognised))
    unusable = sum(many for _, many in kinds)
    out = []
    if unusable:
        told = ", ".join(f"{many:,} {kind}" for kind, many in kinds if many)
        listed = Text(f"{number(unusable, 'source')} could not be used ({told}): soma vault info --sources")
        listed.stylize("yellow")
        out.append(listed)
    if ledger.quarantined:
        records = number(ledger.quarantined, "record")
        out.append(Text(f"{records} could not be used: soma vault info --quarantine", style="yellow"))
    if ledger.guarded:
        trails = number(ledger.guarded, "guard trail")
        out.append(Text(f"not counted: {trails} of soma's own, see soma chain POLICY", style="dim"))
    return out
