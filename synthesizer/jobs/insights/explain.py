"""The page of the job ``insights``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.synthesizer.wording import number, plain

from .confidence import word
from .model import Insight, Insights


def render(result: Insights) -> RenderableType:
    """Proposals by confidence: what was found, about whom, how sure, how often, and how to look at the evidence."""
    if not result.synthesized:
        return Text("Nothing was looked for yet: soma synthesize runs the jobs and keeps what they find.")
    lines: list[RenderableType] = []
    if not result.up_to_date:
        lines += [Text("The vault has changed since: soma synthesize brings this up to date.", style="yellow"), Text()]
    if not result.insights:
        lines.append(Text("No finding: nothing stands out beyond chance."))
    for item in result.insights:
        lines += [*_insight(item), Text()]
    if result.total > len(result.insights):
        lines.append(Text(f"and {number(result.total - len(result.insights), 'further finding')} (--all)", style="dim"))
    if result.insights:
        kinds = ", ".join(f"{many:,} {kind}" for kind, many in result.by_type.items())
        gone = f" · {result.decayed:,} decayed so far" if result.decayed else ""
        lines.append(Text(f"{number(result.total, 'finding')}: {kinds}{gone}", style="dim"))
    return Group(*lines)


def _insight(item: Insight) -> Iterator[RenderableType]:
    sure = f"{word(item.confidence)} ({item.confidence:.2f})"
    head = Table.grid(padding=(0, 2))
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_row(
        Text(item.insight_id, style="bold"),
        Text(f"{item.type} · {sure} · {number(item.support, 'run')} · {item.status}"),
    )
    yield head
    yield Padding(Text(plain(item.claim, 600)), (0, 0, 0, 3))
    since = str(clock.to_iso(item.first_seen_at))[:10]
    facts = [f"since {since}", f"found on {number(item.nights, 'day')}"]
    if item.contradicts:
        facts.append(f"contradicts {', '.join(item.contradicts[:3])}")
    if item.evidence:
        facts.append(f"evidence: {number(len(item.evidence), 'id')}, e.g. {plain(item.evidence[0], 120)}")
    yield Padding(Text(" · ".join(facts), style="dim"), (0, 0, 0, 3))
