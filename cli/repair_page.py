"""The page of ``soma vault repair``: what was wrong, what came back, what did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from soma.synthesizer.commands import command_line
from soma.synthesizer.wording import number, plain

if TYPE_CHECKING:
    from soma.harvester.repair import Repaired

_LISTED = 20


def render(done: Repaired) -> RenderableType:
    """The result for a person."""
    if not (done.findings or done.lost or done.cannot or done.reread):
        return Text(f"The vault is whole, version {done.version}: there is nothing to repair.")
    parts: list[RenderableType] = []
    if done.findings:
        parts.append(Text(f"{number(len(done.findings), 'finding')}:"))
        parts += _listed([f"{item.where}: {item.problem}" for item in done.findings])
    for out in done.taken_out:
        parts.append(Text(f"Taken out of {out.table}: {plain(out.file)}, {number(out.rows, 'row')}."))
    for table in done.set_aside:
        parts.append(Text(f"{table.table} was made anew; its old folder is kept as {plain(table.moved_to)}."))
    back = number(done.rebuilt, "execution")
    parts.append(Text(f"Read again: {number(done.reread, 'source')}; {back} came back. Vault version {done.version}."))
    if done.kept:
        told = number(done.kept, "execution")
        parts.append(Text(f"Kept from files that can still be read, though the sources are gone: {told}."))
    if done.lost:
        parts += [Text(), Text("Not rebuilt, as far as the ledger tells:", style="red")]
        parts += _listed([f"{item.path}: {number(item.executions, 'execution')}, {item.why}" for item in done.lost])
        if any("ledger" in item.why for item in done.lost):
            parts += [Text("  → say where the sources lie:"), command_line("soma vault repair PATH")]
    if done.cannot:
        parts += [Text(), *(Text(f"  {plain(line, 400)}") for line in done.cannot)]
    if done.remaining:
        parts += [Text(), Text("Still wrong:", style="red")]
        parts += _listed([f"{item.where}: {item.problem}" for item in done.remaining])
    elif done.lost or done.cannot:
        parts += [Text(), Text("What the vault holds now is whole.")]
    else:
        parts.append(Text("The vault is whole; nothing was lost."))
    return Group(*parts)


def _listed(lines: list[str]) -> list[RenderableType]:
    shown: list[RenderableType] = [Text(f"  {plain(line, 400)}") for line in lines[:_LISTED]]
    more = len(lines) - len(shown)
    return [*shown, Text(f"  … and {more:,} more (--json names them all)")] if more else shown
