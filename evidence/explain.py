"""The page of ``soma evidence``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import number, plain

from .model import BROKEN_NUMBERS, BROKEN_RECORDS, Again, Evidence, Record, SourceFound

_LINE = 600
_WORD = {
    "intact": "as it was read",
    "confirmed": "the source has changed, but the very call stands here",
    "unproven": "a row of as many bytes; the database has changed since",
    "changed": "changed: not what was read",
    "gone": "gone",
    "no bytes": "made from several records, has no bytes of its own",
}
_OUTCOME = {
    "equal": "made again: equal",
    "outdated": "made again: differs, for the vault holds other rows than when it was found (soma synthesize)",
    "changed": "made again: differs, from the same rows",
    "not found again": "not found again in the same rows",
    "nothing to derive": "no number to make again",
}


def render(result: Evidence) -> RenderableType:
    """The chain from the top to the bytes, the number made again, and in one line whether all of it holds."""
    lines: list[RenderableType] = []
    for depth, step in enumerate(result.steps):
        lines.append(Text(f"{'  ' * depth}{'└ ' if depth else ''}{step.layer}  {step.kind}  {plain(step.id, 160)}",
                          style="bold"))  # fmt: skip
        lines.append(Padding(Text(plain(step.says, _LINE)), (0, 0, 0, 2 * depth + 3)))
    lines += [Text(), *_again(result.again), Text()]
    counted = ", ".join(f"{many:,} {state}" for state, many in result.states.items())
    looked = "" if result.looked_at == result.total else f" ({result.looked_at:,} looked at)"
    lines.append(Text(f"{number(result.total, 'record')}{looked}: {counted}" if counted else "no record"))
    paths = {source.source_id: plain(source.path, 300) for source in result.sources}
    for record in result.records:
        lines += _record(record, paths)
    lines += [Text(), *_sources(result.sources), Text()]
    lines.append(
        Text("The chain is broken.", style="bold red")
        if result.broken
        else Text("The chain holds.", style="bold green")
    )
    return Group(*lines)


def _again(again: Again) -> Iterator[RenderableType]:
    yield Text(f"{_OUTCOME[again.outcome]}   ({plain(again.how, 200)})",
               style="red" if again.outcome in BROKEN_NUMBERS else "")  # fmt: skip
    if not again.figures:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for name in ("number", "kept", "now", ""):
        table.add_column(name, justify="left" if name in {"number", ""} else "right", style="" if name else "red")
    for figure in again.figures:
        table.add_row(figure.name, _shown(figure.kept), _shown(figure.now), "" if figure.equal else "≠")
    yield Padding(table, (0, 0, 0, 3))


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if isinstance(value, int) or float(value).is_integer() else f"{value:.6f}"


def _record(record: Record, paths: dict[str, str]) -> Iterator[RenderableType]:
    yield Text()
    yield Text(f"{record.kind}  {plain(record.record_id, 200)}   {plain(record.says, 120)}")
    where = f"{paths.get(record.source_id, '')} {record.offset:,}+{record.length:,}" if record.source_id else ""
    style = "red" if record.state in BROKEN_RECORDS else "dim"
    yield Padding(Text(f"{where}   {_WORD[record.state]}".strip(), style=style), (0, 0, 0, 3))
    if record.text:
        told = plain(record.text, _LINE)
        notes = [
            *(["cut"] if record.cut or told.endswith("…") else []),
            *(["rewritten: it holds secrets"] if record.rewritten and not record.cut else []),
        ]
        yield Padding(Text(told + (f"   ({', '.join(notes)})" if notes else "")), (0, 0, 0, 3))


def _sources(sources: tuple[SourceFound, ...]) -> Iterator[RenderableType]:
    bad = [source for source in sources if source.state not in {"intact", "grown"}]
    yield Text(f"{number(len(sources), 'source')}, {len(sources) - len(bad):,} of them as read")
    for source in bad:
        yield Padding(Text(f"{plain(source.path, 300)}  {source.state}: {source.why}", style="red"), (0, 0, 0, 3))
