"""The page of the job ``secrets``."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import number, plain

from .model import Secrets

_SHOWN = 40


def render(result: Secrets) -> RenderableType:
    """Kinds first, then where the secrets stand: source, byte, column."""
    if not result.kinds:
        return Text("No secret was found in what was harvested.")
    total = sum(kind.replaced for kind in result.kinds)
    kinds = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("kind", "replaced", "different", "sources"):
        kinds.add_column(name, justify="left" if name == "kind" else "right", no_wrap=True)
    for kind in result.kinds:
        kinds.add_row(Text(plain(kind.kind)), f"{kind.replaced:,}", f"{kind.different:,}", f"{kind.sources:,}")
    head = Text(f"{number(total, 'secret')} replaced before anything was written", style="bold")
    parts: list[RenderableType] = [head, Text(), kinds, Text()]
    if result.marks:
        where = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        where.add_column("mark", no_wrap=True)
        where.add_column("source", overflow="fold")
        where.add_column("byte", justify="right", no_wrap=True)
        where.add_column("in", no_wrap=True)
        for mark in result.marks[:_SHOWN]:
            source = plain("/".join(mark.path.split("/")[-3:]))
            times = f" ×{mark.many}" if mark.many > 1 else ""
            where.add_row(Text(plain(mark.mark)), Text(source), f"{mark.offset:,}", mark.place + times)
        parts.append(where)
        if len(result.marks) > _SHOWN:
            parts.append(Text(f"… and {len(result.marks) - _SHOWN:,} more places: soma secrets --json", style="dim"))
    parts += [Text(), Text("The same four digits mean the same secret. They still stand in the sources: rotate them.")]
    return Group(*parts)
