"""The page of the job ``coverage``: the matrix, then what yields nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import number, plain

from .model import Cell, Coverage, SourceRow

_SIGNS: dict[Cell, tuple[str, str]] = {
    "known": ("●", "green"),
    "partly": ("◐", "yellow"),
    "missing": ("○", "red"),
    "cannot": ("·", "dim"),
}
# The order in which a person asks for them.
_ORDER = (
    "reasoning", "arguments", "output", "error", "started_at", "duration_ms", "tokens", "cost_usd", "model", "success",
    "task", "parent", "alternatives", "confidence", "operator",
)  # fmt: skip
_SHORT = {
    "reasoning": "why", "arguments": "args", "output": "out", "error": "err", "started_at": "time",
    "duration_ms": "took", "tokens": "tok", "cost_usd": "cost", "success": "succ", "alternatives": "alt",
    "confidence": "conf", "operator": "oper", "parent": "par",
}  # fmt: skip
_SHOWN = 20


def render(result: Coverage, *, everything: bool = False) -> RenderableType:
    """The matrix of formats and fields; ``everything`` lists every source behind it."""
    states = ", ".join(f"{many:,} {state}" for state, many in result.states.items())
    parts: list[RenderableType] = [
        Text(f"{number(sum(result.states.values()), 'source')}: {states}", style="bold"),
        Text(),
    ]
    if result.formats:
        parts += [_matrix(result), _legend(), Text()]
    listed = result.sources if everything else result.silent
    if listed:
        title = "Every source" if everything else "Exist and yield nothing, or not all they should"
        parts += [Text(title, style="bold"), _list(listed if everything else listed[:_SHOWN])]
        if len(listed) > _SHOWN and not everything:
            parts.append(Text(f"  … and {len(listed) - _SHOWN:,} more: soma sources --all", style="dim"))
    return Group(*parts)


def _matrix(result: Coverage) -> Table:
    fields = [field for field in _ORDER if field in result.fields] + [f for f in result.fields if f not in _ORDER]
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("format", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    for field in fields:
        table.add_column(_SHORT.get(field, field), justify="center", no_wrap=True)
    for row in result.formats:
        cells = {field.field: field.cell for field in row.fields}
        signs = [Text(*_SIGNS[cells[field]]) if field in cells else Text(" ") for field in fields]
        table.add_row(Text(plain(row.format)), f"{row.executions:,}", *signs)
    return table


def _legend() -> Text:
    return Text(
        "● known  ◐ known of some  ○ the format has it, these runs do not  · the format cannot tell", style="dim"
    )


def _list(sources: Sequence[SourceRow]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(overflow="fold", max_width=52)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for source in sources:
        held = f"{number(source.executions, 'run')}, {number(source.decisions, 'decision')}"
        table.add_row(
            Text(plain("/".join(source.path.split("/")[-3:]))), source.status, Text(plain(source.reason or held))
        )
    return table
