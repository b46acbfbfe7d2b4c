"""The page of the job ``chain``: the numbered decisions with their marks."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import duration, number, plain

from .model import Chain, Chains, Link

MARKS = {
    "ok": ("✔", "green"),
    "failed": ("✘", "red"),
    "timeout": ("✘", "red"),
    "skipped": ("○", "dim"),
    "unknown": ("?", "yellow"),
}
_SHOWN = 200


def render(result: Chains, *, reasoning: bool = False, output: bool = False) -> RenderableType:
    """All chains, one below the other.

    Args:
        result: What to show.
        reasoning: Show the whole reasoning of every decision.
        output: Show arguments and output of every decision.
    """
    parts: list[RenderableType] = []
    for chain in result.chains:
        if parts:
            parts.append(Text())
        parts.append(render_chain(chain, reasoning=reasoning, output=output))
    return Group(*parts)


def render_chain(chain: Chain, *, reasoning: bool = False, output: bool = False, most: int = _SHOWN) -> RenderableType:
    """One chain: a head line, the decisions, the signature."""
    parts: list[RenderableType] = [_head(chain), Text()]
    parts.append(decision_table(chain, reasoning=reasoning, output=output, most=most))
    if not chain.decisions:
        parts.append(Text("  no decision: the agent called no tool", style="dim"))
    if chain.error:
        parts.append(Text(f"  ended with: {plain(chain.error, 300)}", style="red"))
    if chain.decisions:
        parts += [Text(), Text(f" signature  {plain(chain.signature, 2000)}", style="cyan")]
    return Group(*parts)


def _head(chain: Chain) -> Text:
    told = {True: "success", False: "not successful", None: "success unknown"}[chain.success]
    by = f" ({plain(chain.success_from)})" if chain.success_from and chain.success is not None else ""
    took = f" in {duration(chain.duration_ms)}" if chain.duration_ms is not None else ""
    words = [f"agent {plain(chain.agent_id, 60)}"]
    if chain.task:
        words.append(f"task “{plain(chain.task, 90)}”")
    words += [f"{chain.status}, {told}{by}", f"{number(len(chain.decisions), 'decision')}{took}"]
    broken = chain.outcomes.get("failed", 0) + chain.outcomes.get("timeout", 0)
    missing = chain.outcomes.get("unknown", 0)
    if broken:
        words.append(f"{broken:,} failed")
    if missing:
        words.append(f"{missing:,} without a result")
    head = Text(" · ".join(words), style="bold")
    head.append(f"\n{plain(chain.execution_id)} · {chain.framework}", style="dim")
    if chain.model:
        head.append(f" · {plain(chain.model, 60)}", style="dim")
    if chain.labels.get("branch") == "abandoned":
        head.append(" · an abandoned branch", style="yellow")
    return head


def decision_table(
    chain: Chain, *, reasoning: bool = False, output: bool = False, most: int = _SHOWN
) -> RenderableType:
    """The numbered decisions with marks ✔ ok, ✘ failed, ○ skipped, ? without a result."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, max_width=34, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    turn = 0
    for link in chain.decisions[:most]:
        mark, style = MARKS[link.outcome]
        if link.turn != turn:
            turn = link.turn
            table.add_row("", "", Text(f"request {turn + 1}", style="dim"), "", "")
        remark = _remark(link, costliest=link.number == chain.costliest)
        table.add_row(
            f" {link.number}", Text(mark, style=style), Text(plain(link.action, 80)), duration(link.duration_ms), remark
        )
        details = _details(link, reasoning=reasoning, output=output)
        if details:
            table.add_row("", "", details[0], "", Group(*details[1:]) if len(details) > 1 else "")
    if len(chain.decisions) > most:
        table.add_row("", "", Text(f"… {len(chain.decisions) - most:,} more", style="dim"), "", "")
    return table


def _remark(link: Link, *, costliest: bool) -> Text:
    remark = Text()
    if link.outcome == "timeout":
        remark.append("timeout  ", style="red")
    if link.repeats is not None:
        remark.append(f"↻ same call as {link.repeats}  ", style="yellow")
    if link.outcome in {"failed", "timeout"} and link.error:
        remark.append(plain(link.error, 110))
    elif link.outcome == "skipped":
        remark.append("skipped", style="dim")
    elif link.outcome == "unknown":
        remark.append("no result in the trace", style="dim")
    elif link.reasoning:
        remark.append(f"“{plain(link.reasoning, 100)}”", style="italic")
    if costliest:
        remark.append("  ◀ most costly failure", style="red")
    return remark


def _details(link: Link, *, reasoning: bool, output: bool) -> list[RenderableType]:
    lines: list[RenderableType] = []
    if reasoning and link.reasoning:
        lines.append(Padding(Text(f"why: {plain(link.reasoning, 4096)}", style="italic"), (0, 0)))
    if output and link.arguments:
        lines.append(Text(f"with: {plain(link.arguments, 1000)}", style="dim"))
    if output and (link.output or link.error):
        lines.append(Text(f"got:  {plain(link.output or link.error or '', 2048)}", style="dim"))
    return [Text(), *lines] if lines else []
