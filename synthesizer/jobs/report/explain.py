"""What a person sees of a report: what it says, and what to do with it."""

from __future__ import annotations

from collections import Counter

from rich.console import Group, RenderableType
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.jobs.health.explain import STYLES
from soma.synthesizer.jobs.health.model import ORDER
from soma.synthesizer.wording import number, plain

from .model import Report

_NAMED = 6


def render(report: Report, where: str | None = None) -> RenderableType:
    """A few lines: the agents by health, what was found across them, what is not known, what to type next."""
    totals = report.totals
    head = Text(f"{where}: " if where else "", style="bold")
    head.append(
        f"{number(totals.agents, 'agent')}, {number(totals.executions, 'execution')}, "
        f"{number(totals.decisions, 'decision')} of vault version {report.vault_version}"
    )
    parts: list[RenderableType] = [head]
    by_health = Counter(agent.health for agent in report.agents)
    for health in ORDER:
        if not by_health[health]:
            continue
        names = [plain(agent.name, 40) or "(not named)" for agent in report.agents if agent.health == health]
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        line = Text(f"  {by_health[health]:>4,} ")
        line.append(f"{health:<16}", style=STYLES[health])
        line.append(", ".join(names[:_NAMED]) + more, style="dim")
        parts.append(line)
    different = [pair for pair in report.divergences if pair.verdict == "different"]
    if report.divergences_total:
        compared = number(report.divergences_total, "pair of agents compared", "pairs of agents compared")
        parts.append(Text(f"  {len(different):>4,} different, of {compared} on the same tasks"))
    if report.governance.to_decide:
        parts.append(
            Text(f"  {number(report.governance.to_decide, 'proposal waits', 'proposals wait')} for a decision")
        )
    if report.not_known:
        parts.append(Text(f"Not known: {'; '.join(report.not_known)}", style="dim"))
    if report.agents:
        parts += [Text(), Text("Next")]
        parts.append(commands.command_line(commands.soma("briefing", "--agent", report.agents[0].name)))
    return Group(*parts)
