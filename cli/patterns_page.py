"""The page of ``soma patterns``."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.pressure.patterns import Catalogue

_STATUS = {"active": "green", "collecting": "", "retired": "dim"}


def render(found: Catalogue) -> RenderableType:
    """Every pattern in the order in which, of equally severe findings, the one with the highest priority speaks."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("pattern", "priority", "cooldown", "next", "status", "what it detects"):
        grid.add_column(name, justify="right" if name in {"priority", "cooldown"} else "left",
                        no_wrap=name in {"pattern", "status"})  # fmt: skip
    for entry in sorted(found.patterns, key=lambda entry: (-entry.priority, entry.name)):
        detects = entry.detects.partition(": ")[2] or entry.detects
        grid.add_row(Text(entry.name), str(entry.priority), str(entry.cooldown), entry.healing or "",
                     Text(entry.status, style=_STATUS[entry.status]), Text(detects))  # fmt: skip
    legend = Text(
        "priority: of findings equally severe the highest speaks · cooldown: actions of silence after a firing · "
        "next: role of the action advised",
        style="dim",
    )
    return Group(grid, Text(), legend, Text(f"patterns {found.digest}", style="dim"))
