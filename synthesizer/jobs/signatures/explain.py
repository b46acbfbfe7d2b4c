"""The page of the job ``signatures``."""

from __future__ import annotations

from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import bounds, count, duration, number, percent, plain

from .model import Signature, Signatures

_LONGEST = 400


def render(result: Signatures) -> RenderableType:
    """Per agent: its paths, the most frequent first, with how they end, how long they take and what they cost."""
    if not result.signatures:
        return Text("No executions to show. soma harvest PATH reads traces; soma status lists the agents of the vault.")
    parts: list[RenderableType] = []
    for agent, rows in groupby(result.signatures, key=lambda row: row.agent_id):
        parts.append(Text(plain(agent, 80) or "(agent not named)", style="bold"))
        for row in rows:
            parts.append(Padding(_facts(row), (0, 0, 0, 1)))
            parts.append(Padding(Text(plain(row.signature, _LONGEST) or "(no decision)", style="cyan"), (0, 0, 0, 5)))
        parts.append(Text())
    if result.total > len(result.signatures):
        parts.append(Text(f"and {number(result.total - len(result.signatures), 'rarer signature')}", style="dim"))
    return Group(*parts)


def _facts(row: Signature) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(justify="right", no_wrap=True, width=8)
    facts.add_column(ratio=1)
    words = [_ending(row)]
    if row.median_duration_ms is not None:
        words.append(f"median {duration(row.median_duration_ms)}")
    if row.tokens is not None:
        words.append(f"{row.tokens:,} tokens{_known(row.tokens_known, row.executions)}")
    if row.cost_usd is not None:
        words.append(f"${row.cost_usd:,.4f}{_known(row.cost_known, row.executions)}")
    words.append(f"e.g. {plain(row.example, 160)}")
    facts.add_row(Text(f"{row.executions:,} ×", style="bold"), Text(" · ".join(words)))
    return facts


def _ending(row: Signature) -> str:
    if row.success:
        return f"success {percent(row.success.rate)} ({count(row.success)}) {bounds(row.success.interval)}"
    if row.completed:
        return f"completed {percent(row.completed.rate)} ({count(row.completed)}), success not known"
    return "end and success not known"


def _known(many: int, executions: int) -> str:
    return "" if many == executions else f" (known of {many:,})"
