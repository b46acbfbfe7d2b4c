"""The page of the job ``chain``: the numbered decisions with their marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.error_text import telling_line
from soma.synthesizer.wording import duration, number, plain

from .gist import gist
from .model import BROKEN, Chain, Chains, Link
from .shown import Gap, shown_of

MARKS = {
    "ok": ("✔", "green"),
    "failed": ("✘", "red"),
    "timeout": ("✘", "red"),
    "skipped": ("○", "dim"),
    "unknown": ("?", "yellow"),
}
_SHOWN = 200
_SUCCESS = {True: "task achieved", False: "task not achieved", None: "success not known"}
_ACTION, _REMARK = 34, 110
_LINES = 40
_COSTLY_MS = 1000.0


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
        parts.append(_chain(chain, reasoning=reasoning, output=output))
    return Group(*parts)


def _chain(chain: Chain, *, reasoning: bool, output: bool) -> RenderableType:
    """One chain: a head line, the decisions, the signature."""
    parts: list[RenderableType] = [head(chain), Text()]
    parts += replay(chain, reasoning=reasoning, output=output)
    if chain.decisions:
        parts += [Text(), Text(f"signature  {plain(chain.signature, 2000)}", style="cyan")]
        if not reasoning and not output:
            parts.append(Text("--reasoning shows why in full, --output what each call was and returned", style="dim"))
    return Group(*parts)


def head(chain: Chain) -> Text:
    """Whose run it is, on what task, how it ended, and which one it is."""
    by = f" (by {plain(chain.success_from)})" if chain.success_from and chain.success is not None else ""
    took = f" in {duration(chain.duration_ms)}" if chain.duration_ms is not None else ""
    ended = {"unknown": "how it ended is not known"}.get(chain.status, chain.status)
    words = [f"{ended}, {_SUCCESS[chain.success]}{by}", f"{number(len(chain.decisions), 'decision')}{took}"]
    if broken := sum(chain.outcomes.get(outcome, 0) for outcome in BROKEN):
        words.append(f"{broken:,} failed")
    if missing := chain.outcomes.get("unknown", 0):
        words.append(f"{missing:,} without a result")
    about = [f"agent {plain(chain.agent_id, 60) or '(not named)'}"]
    if chain.task:
        about.append(f"task “{plain(chain.task, 90)}”")
    lines = Text(" · ".join(about), style="bold")
    lines.append(f"\n{' · '.join(words)}", style="bold")
    facts = [plain(chain.execution_id, 200), plain(chain.framework, 40)]
    if chain.model:
        facts.append(plain(chain.model, 60))
    lines.append(f"\n{' · '.join(facts)}", style="not bold dim")
    if chain.labels.get("branch") == "abandoned":
        lines.append(" · an abandoned branch: it was left for another one", style="not bold yellow")
    return lines


def replay(
    chain: Chain, *, reasoning: bool = False, output: bool = False, most: int = _SHOWN
) -> Iterator[RenderableType]:
    """The numbered decisions with marks ✔ ok, ✘ failed, ○ skipped, ? without a result, and what ended the run.

    Of more than ``most`` decisions, the first and last ones and those that failed are shown.
    """
    if not chain.decisions:
        yield Text("  no decision: the agent called no tool", style="dim")
    widths = _widths(chain.decisions)
    turn = 0
    grid = _grid(widths)
    for item in shown_of(chain, most):
        if isinstance(item, Gap):
            grid.add_row("", "", Text(f"… {item.skipped:,} more", style="dim"), "", Text(item.words, style="dim"))
            turn = item.turn
            continue
        if item.turn != turn:
            turn = item.turn
            grid.add_row("", "", Text(f"request {turn + 1}", style="dim"), "", "")
        mark, style = MARKS[item.outcome]
        action = Text(plain(item.action, 80))
        took = duration(item.duration_ms) if widths[2] else ""
        grid.add_row(str(item.number), Text(mark, style=style), action, took, remark(item, chain))
        if details := list(_details(item, reasoning=reasoning, output=output)):
            yield grid
            yield Padding(Group(*details), (0, 0, 0, widths[0] + 3))
            grid = _grid(widths)
    yield grid
    if chain.error:
        yield Text(f"  ended with: {plain(telling_line(chain.error), 300)}", style="red")


def _widths(links: Sequence[Link]) -> tuple[int, int, int]:
    """Of number, action and duration; the same on every line, whatever stands between them."""
    action = max((len(plain(link.action, 80)) for link in links), default=0)
    known = [len(duration(link.duration_ms)) for link in links if link.duration_ms is not None]
    return len(str(len(links))) + 2, max(12, min(_ACTION, action)), max(known, default=0)


def _grid(widths: tuple[int, int, int]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True, width=widths[0])
    table.add_column(no_wrap=True, width=1)
    table.add_column(overflow="fold", width=widths[1])
    table.add_column(justify="right", no_wrap=True, width=widths[2])
    table.add_column(overflow="fold")
    return table


def remark(link: Link, chain: Chain) -> Text:
    """The one thing worth saying about a decision: how it failed, else why it was made, else what it was."""
    told = Text()
    if link.outcome == "timeout":
        told.append("timeout  ", style="red")
    same_error = link.repeats is not None and chain.decisions[link.repeats - 1].error == link.error is not None
    if link.repeats is not None:
        told.append(f"↻ same call as {link.repeats}{', same error' if same_error else ''}  ", style="yellow")
    if same_error:
        pass
    elif link.outcome in BROKEN:
        told.append(plain(telling_line(link.error), _REMARK) or "no message")
    elif link.outcome == "skipped":
        told.append("skipped", style="dim")
    elif link.outcome == "unknown":
        told.append("no result in the trace", style="dim")
    elif link.reasoning:
        told.append(f"“{plain(link.reasoning, _REMARK)}”", style="italic")
    elif link.repeats is None:
        told.append(plain(gist(link.arguments), _REMARK), style="dim")
    several = sum(chain.outcomes.get(outcome, 0) for outcome in BROKEN) > 1
    if link.number == chain.costliest and several and (link.duration_ms or 0) >= _COSTLY_MS:
        told.append("  ◀ most costly failure", style="red")
    return told


def _details(link: Link, *, reasoning: bool, output: bool) -> Iterator[RenderableType]:
    if reasoning and link.reasoning:
        yield _block("why:", link.reasoning, "italic")
    if reasoning and link.alternatives:
        yield _block("not:", ", ".join(plain(choice, 80) for choice in link.alternatives[:8]), "dim")
    if output and link.arguments:
        yield _block("with:", link.arguments, "dim")
    if output and (link.output or link.error):
        yield _block("got:", link.output or link.error or "", "dim")


def _block(title: str, text: str, style: str) -> Table:
    """A foreign text with its lines kept, what steers the screen taken out."""
    lines = [plain(line, 4096) for line in text.strip().splitlines()]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"… {len(lines) - _LINES + 1:,} more lines: --json has them"]
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=5)
    table.add_column(overflow="fold")
    table.add_row(Text(title, style=style), Text("\n".join(lines), style=style))
    return table
