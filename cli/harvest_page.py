"""How a person sees a harvest: one table, what could not be used and why, and what to type next."""

from __future__ import annotations

import os

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.harvester.summary import FormatCounts, Summary, Unusable
from soma.synthesizer.wording import number, plain

_LISTED = 12
_FIELD_WORDS = {"cost_usd": "cost", "duration_ms": "durations"}


def render(summary: Summary, vault: str) -> RenderableType:
    """The page of ``soma harvest``."""
    parts: list[RenderableType] = []
    if summary.formats:
        parts += [_table(summary), Text()]
    if summary.unusable:
        parts += [_unusable(summary), Text()]
    facts = _facts(summary)
    if facts:
        parts += [facts, Text()]
    parts.append(_last_line(summary, vault))
    return Group(*parts)


def _table(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("format")
    for name in ("read", "new", "changed", "unchanged", "executions", "decisions", "failed"):
        table.add_column(name, justify="right")
    for line in summary.formats:
        table.add_row(Text(plain(line.format)), *_cells(line))
    return table


def _cells(line: FormatCounts) -> list[Text]:
    values = (line.read, line.new, line.changed, line.unchanged, line.executions, line.decisions)
    cells = [Text(f"{value:,}" if value else "–") for value in values]
    return [*cells, Text(f"{line.failed:,}", style="red") if line.failed else Text("–")]


def _unusable(summary: Summary) -> RenderableType:
    many = len(summary.unusable)
    total = Text(f"{number(many, 'source')} could not be used, or not wholly", style="yellow")
    # Many files of one kind with one reason are one line: a folder of pictures must not hide a damaged session.
    groups: dict[tuple[str, str, str], list[Unusable]] = {}
    for item in summary.unusable:
        ending = os.path.splitext(item.path)[1] if item.state == "unrecognised" else item.path
        groups.setdefault((item.state, item.reason, ending), []).append(item)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(overflow="fold", max_width=44)
    table.add_column(overflow="fold")
    hints: dict[str, None] = {}
    for (_, reason, _), items in list(groups.items())[:_LISTED]:
        more = f" and {len(items) - 1:,} more" if len(items) > 1 else ""
        table.add_row(Text(plain(_short(items[0].path)) + more), Text(plain(reason)))
        hints[items[0].hint] = None
    out: list[RenderableType] = [total, table]
    if len(groups) > _LISTED:
        out.append(Text(f"  … and {len(groups) - _LISTED:,} more: soma harvest … --json lists them", style="dim"))
    out += [Text(f"  → {plain(hint)}", style="dim") for hint in hints]
    return Group(*out)


def _short(path: str) -> str:
    return os.sep.join(path.split(os.sep)[-3:])


def _facts(summary: Summary) -> Text | None:
    facts = []
    if summary.quarantined:
        facts.append(f"{number(summary.quarantined, 'record')} quarantined")
    if summary.redacted:
        kinds = sorted(summary.redactions.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{kind} {count:,}" for kind, count in kinds[:6])
        facts.append(f"{number(summary.redacted, 'secret')} redacted ({listed})")
    for field, formats in summary.cannot_tell.items():
        facts.append(f"{_FIELD_WORDS.get(field, field)} cannot be told by {', '.join(formats)}")
    told = [w for w in summary.warnings if w.startswith(("interrupted", "only")) or "still" in w or "kept" in w]
    lines = [*facts, *told]
    return Text("\n".join(plain(line) for line in lines)) if lines else None


def _last_line(summary: Summary, vault: str) -> Text:
    rate = f", {summary.bytes / summary.seconds / 1e6:,.0f} MB/s" if summary.seconds and summary.bytes > 1e6 else ""
    took = f"{summary.seconds:.1f} s{rate}"
    if summary.vault_version is None:
        found = f"{number(summary.executions, 'execution')}, {number(summary.decisions, 'decision')}"
        return Text(f"{found}, {took}. Nothing was written (dry run).    Next: soma harvest without --dry-run")
    if not summary.sources.read and not summary.executions:
        looked = number(summary.sources.unchanged, "source")
        stays = f"Vault {plain(vault)}, version {summary.vault_version}."
        return Text(f"Nothing new: {looked} unchanged, {took}. {stays}")
    found = f"{number(summary.executions, 'execution')}, {number(summary.decisions, 'decision')}"
    now = f"Vault {plain(vault)}, version {summary.vault_version}."
    return Text(f"{found}, {took}. {now}    Next: soma status · soma divergence")
