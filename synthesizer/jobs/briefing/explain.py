"""The page of the job ``briefing``: half a minute of reading."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.synthesizer.bars import whisker
from soma.synthesizer.jobs.chain.explain import decision_table
from soma.synthesizer.jobs.health.explain import STYLES
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.wording import count, number, percent, plain, points, share

from .model import Briefing

_DECISIONS_SHOWN = 14
_PEERS_SHOWN = 8


def render(result: Briefing) -> RenderableType:
    """Status, why, what to do, peers, the last failed run, what is not known."""
    parts: list[RenderableType] = [_head(result.agent), Text()]
    parts += [Text("Why", style="bold"), *_numbered([reason.text for reason in result.reasons] or [_no_reason(result)]), Text()]
    if result.advice:
        parts += [Text("What to do", style="bold"), *[_item("·", line) for line in result.advice], Text()]
    if result.peers:
        parts += [Text("Peers on the same tasks", style="bold"), _peers(result), Text()]
    parts += _last_failed(result)
    if result.not_known:
        parts.append(Text(f"Not known: {'; '.join(result.not_known)}", style="dim"))
    return Group(*parts)


def _head(agent: AgentHealth) -> Text:
    head = Text(plain(agent.agent_id, 60), style="bold")
    head.append(f"   {agent.health.upper()}", style=STYLES[agent.health])
    if agent.failures.total:
        what = "of its tasks are not achieved" if agent.measure == "success" else "of its runs end with an error"
        head.append(f" — {percent(agent.failures.rate)} {what} ({share(agent.failures).split(' (', 1)[1]}")
    else:
        head.append(f" — how its {number(agent.runs, 'run')} ended is not known")
    if agent.change.difference is not None and agent.change.trend in {"worse", "better"} and agent.change.before:
        since = (clock.to_iso(agent.change.since) or "")[:10]
        head.append(f"\n{agent.change.trend} since {since}: {points(agent.change.difference)}, "
                    f"was {percent(agent.change.before.rate)}")  # fmt: skip
    seen = (clock.to_iso(agent.last_seen) or "")[:16].replace("T", " ")
    facts = [number(agent.runs, "run"), f"{agent.decisions_failed:,} of {number(agent.decisions, 'decision')} failed"]
    if seen:
        facts.append(f"last seen {seen}")
    if agent.cost_usd:
        facts.append(f"${agent.cost_usd:,.2f}")
    head.append("\n" + " · ".join(facts), style="dim")
    return head


def _no_reason(result: Briefing) -> str:
    if result.agent.failures.total and not result.agent.failures.successes:
        return "No run is known to have failed."
    return "Nothing stands out: no action fails often, no peer on the same tasks does clearly better."


def _numbered(lines: list[str]) -> list[RenderableType]:
    return [_item(f"{position}.", line) for position, line in enumerate(lines, start=1)]


def _item(mark: str, line: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right", width=4)
    grid.add_column(overflow="fold")
    grid.add_row(mark, Text(plain(line, 600)))
    return grid


def _peers(result: Briefing) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=28, overflow="ellipsis", no_wrap=True)
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)  # type: ignore[arg-type]
    shown = [peer for peer in result.peers if peer.is_self or result.peers.index(peer) < _PEERS_SHOWN]
    for peer in shown:
        table.add_row(
            Text(plain(peer.agent_id, 60)), whisker(peer.outcome), percent(peer.outcome.rate),
            count(peer.outcome) + (f", {number(peer.tasks, 'task')} shared" if not peer.is_self else ""), "◀" if peer.is_self else "",
        )  # fmt: skip
    return Padding(table, (0, 0, 0, 2))


def _last_failed(result: Briefing) -> list[RenderableType]:
    chain = result.last_failed
    if chain is None:
        return []
    when = (clock.to_iso(chain.started_at) or "")[:16].replace("T", " ")
    title = Text("Last failed run", style="bold")
    title.append(f"  {plain(chain.execution_id, 80)}{f' · {when}' if when else ''}", style="dim")
    if chain.task:
        title.append(f"\n  “{plain(chain.task, 90)}”", style="dim")
    parts: list[RenderableType] = [title, decision_table(chain, most=_DECISIONS_SHOWN)]
    if not chain.decisions:
        parts.append(Text("  no decision: the agent called no tool", style="dim"))
    if chain.error:
        parts.append(Text(f"  ended with: {plain(chain.error, 200)}", style="red"))
    return [*parts, Text()]
